"""Overlays of a made-up organisation: five barriers that no file of the project's describes."""

from __future__ import annotations

from pathlib import Path

import yaml

OWN: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "ACME-01": (
        "The ship's satellite link is down for most of the day",
        "infrastructure-and-data-management",
        (
            "the vessel has a satellite link for two hours a day, so nothing can be pushed to it",
            "on board there is no internet until we reach a harbour",
            "our ships get a new model only when they are in port",
            "bandwidth at sea is too dear for a model of two gigabytes",
            "the crew carries updates on a USB stick to the bridge computer",
            "we cannot see how the model does at sea until the ship is back",
            "every rollout waits for the next harbour call",
        ),
        (
            "once they have left the harbour our ships can't be updated for weeks, the satellite is too expensive",
            "the fleet is at sea and offline most of the time, how do we ever roll out a new version to the vessels",
        ),
    ),
    "ACME-02": (
        "The works council must agree to every model that touches shifts",
        "slow-processes",
        (
            "the works council has to sign before a shift planning model goes live",
            "the Betriebsrat wants to see every feature that is about employees",
            "we negotiate a works agreement for each model about staff",
            "the council meets once a quarter, and our model waits until then",
            "the works council stopped our roster forecast two days before launch",
            "nobody asked the staff council before we built the planning model",
            "each retraining goes back to the works council",
        ),
        (
            "our roster model is done, but the staff council only meets next quarter and has to agree first",
            "Betriebsrat says no until they have an agreement about the shift forecast",
        ),
    ),
    "ACME-03": (
        "The brewmaster does not trust a number that he cannot taste",
        "user-engagement-and-resistance",
        (
            "the brewmaster overrides the fermentation forecast every single time",
            "our master brewer goes by taste and ignores the model",
            "the brewers say that no computer knows when a batch is ready",
            "the fermentation model is right more often, and still nobody in the brewhouse follows it",
            "the brewmaster switched the screen with the predictions off",
            "batches are released by tasting, whatever the forecast says",
            "in the brewhouse thirty years of experience beat any prediction",
        ),
        (
            "the head brewer tastes and decides, our prediction of when the beer is ready is never looked at",
            "brewhouse people override the forecast of the batch by gut feeling each time",
        ),
    ),
    "ACME-04": (
        "Sensors are recalibrated by the night shift and nobody notes it",
        "infrastructure-and-data-management",
        (
            "the night shift recalibrates the sensors and writes it down nowhere",
            "after each recalibration the readings jump and the model goes wild",
            "no log tells when a scale was calibrated",
            "the maintenance crew swaps thermometers without telling us",
            "we find out about a recalibration from the predictions being off",
            "sensor offsets change overnight and the pipeline takes them for real",
            "calibration dates are on a paper sheet in the workshop",
        ),
        (
            "somebody adjusts the thermometers at night without a note, and in the morning the model is wrong",
            "our readings have jumps because maintenance calibrates scales and there is no record of when",
        ),
    ),
    "ACME-05": (
        "The franchise partners own the till data and hand it over late",
        "cost-and-budget",
        (
            "the franchisees own the till data and send it when they like",
            "each shop owner bills us for an export of their receipts",
            "franchise partners hand over sales with three weeks' delay",
            "half of the shops give no receipts to head office at all",
            "we pay the partners for every month of till data",
            "the franchise contract says nothing about data for head office",
            "a partner who is cross with us stops the export",
        ),
        (
            "our franchise shops charge head office for their receipts, so the demand model has holes",
            "the shop owners sit on the till data and export it weeks late or not at all",
        ),
    ),
}
"""Id -> name, theme, seven symptoms, two paraphrases that stand in no file."""


def barrier(id: str, **changed: object) -> str:
    name, theme, symptoms, _ = OWN.get(
        id, (f"Our own {id}", "slow-processes", tuple(f"{id} hurts {n}" for n in range(7)), ())
    )
    record = {
        "id": id, "name": name, "summary": f"{name}.", "theme": theme, "provenance": "organisation", "devops": "shared",
        "era": "general",
        "editorial": {
            "one_line": f"{name}.", "title_question": "What do we do about it?", "ask_back": "How often?",
            "deliverable": "A list of who decides.", "effort": {"first_step": "days", "people": 2},
        },
        "root_causes": ["nobody planned for it"], "symptoms": list(symptoms),
        "recommendations": [
            {"horizon": "this-week", "text": f"Sit down with whom {id} is about."},
            {"horizon": "next-quarter", "text": "Agree on how it is done from now on."},
        ],
        "good_looks_like": "It is planned for.", "fixed_when": "A month passes without one case.",
        "evidence": {"barrier": "thin", "remedy": "reasoned"},
    }  # fmt: skip
    return yaml.safe_dump(record | changed, sort_keys=False, allow_unicode=True)


def write_overlay(folder: Path, *ids: str, off: tuple[str, ...] = (), **changed: object) -> Path:
    """These barriers, with what is `changed` in each of them; `off` are the project's that are switched off."""
    (folder / "barriers").mkdir(parents=True)
    for id in ids:
        (folder / "barriers" / f"{id}.yaml").write_text(barrier(id, **changed), encoding="utf-8")
    if off:
        (folder / "switched_off.yaml").write_text(yaml.safe_dump({"barriers": list(off)}), encoding="utf-8")
    return folder
