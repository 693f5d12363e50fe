"""The worked example of event-study.md: `python -m docs.event_study FOLDER` prints and draws it.

Belongs here: one real event on prices that the reader has: a folder of <symbol>.csv with Date and Adj Close.
Does not belong here: the method (sql/) and the prices, whose licence is not ours to pass on.
"""

import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from dagster_project.lib.sessions import load_sessions

from benchmarks.price_warehouse import PriceWarehouse
from dagster_project.lib.seeds import HEADLINE_EVENTS, read_seed
from dagster_project.lib.settings import Settings

EVENT, SHARE, COMPANY, PEERS = "qwen-7b-opened", "BABA", "Alibaba", ("BIDU", "JD", "PDD")
FIRST = date(2020, 1, 1)
MARKET = "EQUAL"  # stands for SPY: the mean of the simple returns of the others in the folder
CHART = Path(__file__).parent / "event-study.svg"
WIDTH, HEIGHT, MARGIN = 720, 320, 48
INK = {"market": "#8a8f98", "market_peers": "#2563eb"}


def read_prices(folder: Path) -> pd.DataFrame:
    """Adjusted closes since FIRST by session and symbol, and the equal-weight market of all but SHARE."""
    frames = {
        path.stem: pd.read_csv(path, parse_dates=["Date"], index_col="Date")["Adj Close"]
        for path in sorted(folder.glob("*.csv"))
    }
    wide = pd.DataFrame(frames).loc[str(FIRST) :]
    others = wide.drop(columns=SHARE).pct_change(fill_method=None)
    wide[MARKET] = 100 * (1 + others.mean(axis=1, skipna=False).fillna(0)).cumprod()
    long = wide.rename_axis("session_date").reset_index()
    return long.melt("session_date", var_name="symbol", value_name="adj_close").dropna()


def study(folder: Path, work: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of fct_event_study and fct_abnormal_returns."""
    prices = read_prices(folder)
    warehouse = PriceWarehouse(work)
    load_sessions(warehouse.connection, prices["session_date"].max().date())
    warehouse.add_share(MARKET)
    for symbol in (SHARE, *PEERS):
        others = " ".join(other for other in (SHARE, *PEERS) if other != symbol)
        warehouse.add_share(
            symbol, COMPANY if symbol == SHARE else symbol, market_symbol=MARKET, peers=others, country="CN"
        )
    events = read_seed(HEADLINE_EVENTS, Settings(home=work))
    warehouse.insert_rows("seeds.headline_events", [dict(row) for row in events if row["event_id"] == EVENT])
    warehouse.add_prices(prices[prices["symbol"].isin([SHARE, MARKET, *PEERS])])
    warehouse.build_market()
    return (
        warehouse.frame("select * from marts.fct_event_study order by model, window_start, window_end"),
        warehouse.frame("select * from marts.fct_abnormal_returns order by model, relative_session"),
    )


def draw(returns: pd.DataFrame, critical: float) -> str:
    """Abnormal return of each session with its 95 % band, by model, as SVG."""
    bound = float((returns["abnormal_return"].abs() + critical * returns["standard_error"]).max()) * 1.05
    sessions = sorted(returns["relative_session"].unique())
    step = (WIDTH - 2 * MARGIN) / len(sessions)

    def height(value: float) -> float:
        return HEIGHT / 2 - value / bound * (HEIGHT / 2 - MARGIN)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{MARGIN}" y="20" font-size="14" fill="#111827">{SHARE} around {EVENT}: abnormal return '
        "a session, with 95 % bands</text>",
    ]
    for level in np.arange(-0.1, 0.101, 0.02):
        if abs(level) <= bound:
            y = height(float(level))
            parts.append(f'<path d="M{MARGIN} {y:.1f}H{WIDTH - MARGIN}" stroke="#e5e7eb"/>')
            parts.append(f'<text x="8" y="{y + 4:.1f}" fill="#374151">{100 * level:+.0f} %</text>')
    for place, session in enumerate(sessions):
        middle = MARGIN + step * (place + 0.5)
        label = f"{session:+d}" if session else "0"
        parts.append(
            f'<text x="{middle:.1f}" y="{HEIGHT - 14}" text-anchor="middle" fill="#374151">{label}</text>'
        )
        for number, (model, ink) in enumerate(INK.items()):
            row = returns[(returns["model"] == model) & (returns["relative_session"] == session)].iloc[0]
            x, value = middle + 16 * (number - 0.5), float(row["abnormal_return"])
            spread = critical * float(row["standard_error"])
            top, zero = height(max(value, 0)), height(0)
            tall = abs(height(value) - zero)
            parts.append(f'<rect x="{x - 6:.1f}" y="{top:.1f}" width="12" height="{tall:.1f}" fill="{ink}"/>')
            low, high = height(value - spread), height(value + spread)
            parts.append(f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="#111827"/>')
    for number, (model, ink) in enumerate(INK.items()):
        x = WIDTH - MARGIN - 200 + 90 * number
        parts.append(f'<rect x="{x}" y="28" width="10" height="10" fill="{ink}"/>')
        parts.append(f'<text x="{x + 14}" y="37" fill="#374151">{model}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main(folder: Path) -> None:
    """Print the rows and write the chart."""
    with tempfile.TemporaryDirectory() as work:
        results, returns = study(folder, Path(work))
    print("| model | window | CAR | 95 % band | SCAR | placebo p | n | verdict |")
    print("|---|---|---|---|---|---|---|---|")
    for row in results.itertuples():
        if row.verdict == "not testable":
            continue
        print(
            f"| {row.model} | [{row.window_start:+d},{row.window_end:+d}] | {100 * row.car:+.2f} % "
            f"| {100 * row.car_lower:+.2f} to {100 * row.car_upper:+.2f} % | {row.scar:+.2f} "
            f"| {row.placebo_p:.3f} | {row.placebo_n:.0f} | {row.verdict} |"
        )
    columns = ["model", "alpha", "beta", "second_beta", "residual_sd", "observations", "placebo_p_peers"]
    wanted = (results["window_start"] == 0) & (results["window_end"] == 1)
    print(results.loc[wanted, [*columns, "verdict_reason"]].to_string(index=False))
    CHART.write_text(draw(returns, float(results["critical_value"].max())), encoding="utf-8")
    print(f"chart: {CHART.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
