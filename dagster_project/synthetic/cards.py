"""The metadata of a card as the Hub passes it on: `cardData`, whatever its author wrote into it.

Belongs here: how a card states a licence that is none of the Hub's ids, well and badly.
Does not belong here: which licence ids a repository has (items) and the listing itself (server).
"""

from collections.abc import Sequence

ODD_LICENCES: tuple[dict[str, object], ...] = (
    {"license_name": ["modified-mit", "Qwen-Research"], "license_link": ["LICENSE", "NOTICE"]},
    {"license_name": 1.0, "license_link": "LICENSE"},
    {"license_name": None, "license_link": "https://ai.google.dev/gemma/terms"},
    {
        "license_link": "https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license/"
    },
    {"license_link": "LICENSE.md"},
    {"license_name": "x" * 10_000},
    {"license_name": "<script>alert(1)</script>", "license_link": "javascript:alert(1)"},
    {"license_name": "'; drop table raw.licence_cards; --"},
    {"license_name": "  Qwen\n research\x07 "},
    {"license_name": {"en": "mine"}},
    {"license_name": "my-own-terms-1.0", "license_link": "LICENSE"},
    {},
)
KNOWN_SHARE, NO_CARD = 0.6, 0.98  # of cards beside `other`: a name that many use; from here on no card


def card_data(
    licences: Sequence[str], stated: str, known: Sequence[str], draw: float
) -> dict[str, object] | None:
    """The metadata of a card; `stated` is the name that its maker always uses, else `draw` decides.

    `known` are names of licences that many cards bear. `draw` is in [0, 1).
    """
    card: dict[str, object] = {"language": ["en"], "pipeline_tag": "text-generation"}
    if licences:
        card["license"] = licences[0] if len(licences) == 1 else list(licences)
    if "other" not in licences:
        return card
    if stated:
        return card | {"license_name": stated, "license_link": "LICENSE"}
    if draw >= NO_CARD:
        return None
    if draw < KNOWN_SHARE:
        name = known[int(draw / KNOWN_SHARE * len(known))]
        return card | {"license_name": name, "license_link": "LICENSE"}
    place = (draw - KNOWN_SHARE) / (NO_CARD - KNOWN_SHARE)
    return card | ODD_LICENCES[int(place * len(ODD_LICENCES))]
