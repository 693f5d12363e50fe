"""A warehouse made by hand: raw tables, seeds and staging views, and the SQL models over them.

Belongs here: the template that is made once and copied, writing rows, and building models, by dbt or by their
compiled SQL alone. Does not belong here: which rows, and claims.
"""

import copy
import json
import shutil
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import duckdb
from dbt.cli.main import dbtRunner

from dagster_project.lib.seeds import tables as seeds
from dagster_project.lib.seeds.files import Seed
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import PLANS_WITHOUT_STATISTICS
from dagster_project.lib.warehouse.raw_tables import ALL_TABLES
from tests.sql_project import parsed, run_dbt
from tests.worlds.once import built_once

FILE = "warehouse.duckdb"  # dbt's SQL names the file's catalogue
STAGED, BUILT = "staged", "built"
VIEWS = "staging,config.materialized:view"  # those of the template, to be left out
ALONE = ("--indirect-selection", "empty")  # models without their tests
# what a full refresh reads instead of the window of a warehouse without a day
NO_DAY = "between date '9999-12-31' and date '9999-12-31'"
EVERY_DAY = "between date '0001-01-01' and date '9999-12-31'"
# seeds and columns whose patterns are in the compiled SQL as one literal (macro any_pattern)
PATTERNS = (("families", "extra_root_pattern"), ("test_repo_patterns", "pattern"))


class Model(NamedTuple):
    """A model's SQL for a full refresh; `columns` are those of its contract, with their types."""

    name: str
    parents: list[str]
    relation: str
    kind: str
    sql: str
    columns: list[tuple[str, str]]

    def statements(self) -> str:
        """What dbt would run, without hooks and comments."""
        if self.kind == "view":
            return f"create or replace view {self.relation} as ({self.sql})"
        if not self.columns:
            return f"create or replace table {self.relation} as ({self.sql})"
        declared = ", ".join(f"{name} {data_type}" for name, data_type in self.columns)
        names = ", ".join(name for name, _ in self.columns)
        return (
            f"create or replace table {self.relation} ({declared}); "
            f"insert into {self.relation} ({names}) select {names} from ({self.sql})"
        )


class Template:
    """What every such warehouse begins as: the shipped seeds and staging views over empty raw tables
    (`STAGED`), and the same with every model built (`BUILT`); made once below `shared`, a folder that may be
    other processes' too.
    """

    def __init__(self, shared: Path, own: Path | None = None) -> None:
        self._own = own or shared / "dbt"  # of this process
        self.folder = built_once(shared, "template", self._make)

    @cached_property
    def runner(self) -> dbtRunner:
        """dbt with the project as `make` has parsed it; a second, and not every test needs it."""
        return parsed(self._own)

    @cached_property
    def models(self) -> list[Model]:
        """Every model, each after those that it reads; patterns are still those of the shipped seeds."""
        return [Model(*row) for row in json.loads((self.folder / "models.json").read_text())]

    @cached_property
    def patterns(self) -> list[str]:
        """The literals of the shipped seeds in the models' SQL."""
        with duckdb.connect(str(self.folder / STAGED / FILE), read_only=True) as connection:
            return _patterns(connection)

    def _make(self, folder: Path) -> None:
        for state in (STAGED, BUILT):
            (folder / state).mkdir()
        with duckdb.connect(str(folder / BUILT / FILE)) as connection:
            connection.execute("create schema raw; create schema seeds")
            for table in ALL_TABLES:
                connection.execute(table.ddl())
            seeds.load_seeds(connection, Settings(home=folder))
            self._dbt(folder / BUILT, "run", "--select", "staging")
            connection.execute("create schema marts; checkpoint")
            shutil.copyfile(folder / BUILT / FILE, folder / STAGED / FILE)
            compiled = self._dbt(
                folder / BUILT, "compile", "--full-refresh", "--select", "resource_type:model", *ALONE
            )
            models = [_described(result.node) for result in compiled.results]
            for pattern in _patterns(connection):
                assert any(pattern in model.sql for model in models), pattern
            (folder / "models.json").write_text(json.dumps(models))
            self._dbt(folder / BUILT, "run", "--exclude", "staging")
            connection.execute("checkpoint")

    def _dbt(self, folder: Path, *command: str) -> Any:
        result = run_dbt(self.runner, folder, *command)
        assert result.success, result.exception
        return result.result


def _described(node: Any) -> Model:
    has_contract = node.config.contract.enforced
    return Model(
        node.name,
        [parent.split(".")[-1] for parent in node.depends_on.nodes],
        f"{node.schema}.{node.alias}",
        "view" if node.config.materialized == "view" else "table",
        node.compiled_code.replace(NO_DAY, EVERY_DAY),
        [(c.name, c.data_type) for c in node.columns.values()] if has_contract else [],
    )


def _patterns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    literals = []
    for seed, column in PATTERNS:
        query = f"select string_agg('(' || {column} || ')', '|' order by {column}) from seeds.{seed}"
        pattern = (connection.execute(query).fetchone() or (None,))[0] or r"[^\s\S]"
        literals.append("'" + pattern.replace("'", "''") + "'")
    return literals


def _chosen(models: list[Model], names: tuple[str, ...]) -> list[Model]:
    parents = {model.name: model.parents for model in models}
    chosen = set()
    for name in names:
        found = {each for each in parents if fnmatch(each, name.strip("+"))}
        assert found, f"no model {name}"
        above, below = set(found), set(found)
        if name.startswith("+"):
            for each in reversed(parents):  # those that a model reads come before it
                if each in above:
                    above.update(parents[each])
        if name.endswith("+"):
            for each, read in parents.items():
                if below.intersection(read):
                    below.add(each)
        chosen |= above | below
    return [m for m in models if m.name in chosen and (m.kind, m.relation[:8]) != ("view", "staging.")]


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Rows; columns that one leaves out are NULL."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    holes = ", ".join("?" for _ in columns)
    statement = f"insert into {table} ({', '.join(columns)}) values ({holes})"
    connection.executemany(statement, [[row.get(column) for column in columns] for row in rows])


class Warehouse:
    """A copy of the template in a folder of its own; one connection, which dbt's joins in this process."""

    def __init__(self, folder: Path, template: Template, state: str = STAGED) -> None:
        self.template = template
        self._open(folder, template.folder / state / FILE)

    def copied_to(self, folder: Path) -> Self:
        """The same in another folder."""
        self.execute("checkpoint")
        made = copy.copy(self)
        made._open(folder, self.path)
        return made

    def _open(self, folder: Path, source: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.path = folder, folder / FILE
        shutil.copyfile(source, self.path)
        self.connection = duckdb.connect(str(self.path))
        self.connection.execute(PLANS_WITHOUT_STATISTICS)

    def execute(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a statement."""
        return self.connection.execute(statement, parameters or []).fetchall()

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """Of a table or a view, in a fixed order."""
        return self.execute(f"select * from {name} order by all")

    def insert(self, table: str, **values: Any) -> None:
        """One row; columns that it leaves out are NULL."""
        self.insert_rows(table, [values])

    def insert_rows(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Rows; columns that one leaves out are NULL."""
        insert_rows(self.connection, table, rows)

    def keep_seeds(self, *kept: Seed) -> None:
        """Empty all shipped seeds but these."""
        for seed in seeds.ALL_SEEDS:
            if seed not in kept:
                self.execute(f"delete from {seed.full_name}")

    def build(self, *names: str) -> None:
        """Models by their SQL alone, every day anew and without dbt: of names or patterns, with a + before
        it what a model reads and with one behind it what reads it. The template has the views of staging.
        """
        for model in _chosen(self.template.models, names):
            self.connection.execute(model._replace(sql=self.sql(model.name)).statements())

    def sql(self, name: str) -> str:
        """A model's compiled SQL, with the patterns of the seeds as they are here."""
        (sql,) = (model.sql for model in self.template.models if model.name == name)
        for shipped, ours in zip(self.template.patterns, _patterns(self.connection), strict=True):
            sql = sql.replace(shipped, ours)
        return sql

    def dbt(self, *command: str, succeeds: bool = True) -> None:
        """A command of dbt on this warehouse."""
        result = run_dbt(self.template.runner, self.folder, *command)
        if result.exception is not None:
            raise result.exception
        assert result.success is succeeds
