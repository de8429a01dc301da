from __future__ import annotations

import pytest

from bot.errors import CandidateUnknown, GateClosed, IndexBusy, ProposalStale, ReasonTooShort, VersionUnknown
from bot.evaluation.gate import Loss
from bot.index.index import Comparison
from bot.refresh.administration import Admin, Administration
from bot.refresh.outline import built, changed_answers, diff_lines, figures, reasons, verdict_line
from bot.refresh.proposal import Proposal
from tests.refresh.conftest import ANA, Office

LOSS = Loss(what="barrier@1", before=0.8, after=0.5, tolerance=0.02, n=100)


def stopped(office: Office) -> Proposal:
    """A candidate that the gate stops."""
    proposal = office.proposed()
    assert proposal.verdict is not None
    verdict = proposal.verdict.model_copy(update={"losses": (LOSS,)})
    proposal = proposal.model_copy(update={"verdict": verdict})
    file = office.desk.home / "index" / f"candidate-{proposal.number}" / "proposal.json"
    file.write_text(proposal.model_dump_json(), encoding="utf-8")
    return proposal


def acts(office: Office) -> list[tuple[str, int | None]]:
    return [(act.what, act.number) for act in office.history()]


def test_what_did_not_change_is_not_built(office: Office):
    found = office.propose()
    assert isinstance(found, Comparison)
    assert office.desk.index.versions.candidate() is None


def test_a_proposal_is_judged_against_what_serves(office: Office):
    office.desk.small.edit("barriers/ORG-01.yaml", "hurts on mondays", "is awful on mondays")
    proposal = office.propose()
    assert isinstance(proposal, Proposal)
    assert (proposal.number, proposal.base, proposal.who, office.serving()) == (2, 1, "ana", 1)
    assert proposal.diff is not None
    assert proposal.diff.changed[0].symptoms_added == ("ORG-01 is awful on mondays",)
    assert proposal.verdict is not None
    assert proposal.verdict.after.messages == proposal.verdict.before.messages > 0
    assert [done for _, done in office.told] == sorted(done for _, done in office.told)
    assert {what for what, _ in office.told} >= {"reading the knowledge", "answering labelled messages", "ready"}

    async def found(desk: Administration) -> Proposal:
        return desk.proposal()

    assert office.act(found) == proposal


def test_it_says_what_it_found(office: Office):
    proposal = stopped(office)
    lines = [*diff_lines(proposal.diff), built(proposal), *changed_answers(proposal), verdict_line(proposal)]
    assert lines[0] == "No barrier, question or other record differs."
    assert lines[1] == "47 of the study's 47 codes lead to a barrier."
    assert lines[2].startswith("Index 2 was built beside index 1 in ")
    assert lines[-1] == "The gate stops index 2: it falls on 1 measure."
    assert list(reasons(proposal)) == ["barrier@1 0.80 → 0.50 (tolerance 0.02, 100 messages)"]
    assert [figure.name for figure in figures(proposal) if figure.lost] == ["barrier@1"]


def test_where_nothing_serves_there_is_nothing_to_judge(office: Office):
    (office.desk.home / "index" / "1" / "phrases.npy").unlink()
    (office.desk.home / "index" / "current").unlink()
    proposal = office.propose()
    assert isinstance(proposal, Proposal)
    assert (proposal.base, proposal.diff, proposal.verdict, proposal.holds) == (None, None, None, True)
    assert list(diff_lines(proposal.diff)) == ["Nothing serves that it could be compared with."]
    assert (figures(proposal), list(changed_answers(proposal))) == ([], [])
    assert office.act(lambda desk: desk.promote(ANA)).number == office.serving() == 2


def test_promoted_recorded_and_rolled_back(office: Office):
    proposal = office.proposed()
    office.act(lambda desk: desk.proposed(ANA, proposal))
    done = office.act(lambda desk: desk.promote(ANA))
    assert (done.number, done.dropped, done.overridden, office.serving()) == (2, (), (), 2)
    assert office.act(lambda desk: desk.roll_back(ANA)) == (1, 2)
    assert office.serving() == 1
    with pytest.raises(VersionUnknown):
        office.act(lambda desk: desk.roll_back(ANA))
    assert office.act(lambda desk: desk.roll_back(ANA, 2)) == (2, 1)
    assert acts(office) == [
        ("index rolled back", 2),
        ("index rolled back", 1),
        ("index promoted", 2),
        ("index proposed", 2),
    ]
    (last, *_, first) = office.history()
    assert (last.workspace, last.person, last.details) == ("T1", "U1", {"from": 1})
    assert first.details["measures"]["theme@1"][0] is not None


def test_the_gate_stops_what_loses_and_a_reason_overrides_it(office: Office):
    stopped(office)
    with pytest.raises(GateClosed, match=r"barrier@1 0\.80 → 0\.50"):
        office.act(lambda desk: desk.promote(ANA))
    with pytest.raises(GateClosed):
        office.act(lambda desk: desk.promote(ANA, 2, "   "))
    with pytest.raises(ReasonTooShort):
        office.act(lambda desk: desk.promote(ANA, 2, "ok"))
    assert (office.serving(), acts(office)) == (1, [])
    done = office.act(lambda desk: desk.promote(ANA, 2, "two labels are wrong,\nsee ticket 7"))
    assert (done.overridden, office.serving()) == ((LOSS,), 2)
    (act,) = office.history()
    assert act.what == "index promoted against the gate"
    assert act.details["reason"] == "two labels are wrong, see ticket 7"
    assert act.details["losses"] == ["barrier@1 0.80 → 0.50 (tolerance 0.02, 100 messages)"]


def test_a_discarded_candidate_is_gone_and_its_number_too(office: Office):
    office.proposed()
    assert office.act(lambda desk: desk.discard(ANA, 2)) == 2
    with pytest.raises(CandidateUnknown, match="No index waits"):
        office.act(lambda desk: desk.discard(ANA))
    with pytest.raises(CandidateUnknown, match="No index waits"):
        office.act(lambda desk: desk.promote(ANA))
    assert office.proposed().number == 3
    with pytest.raises(CandidateUnknown, match="Index 2 does not wait; index 3 does"):
        office.act(lambda desk: desk.promote(ANA, 2))


def test_what_was_compared_with_another_version_is_to_be_refreshed_again(office: Office):
    office.proposed()
    office.act(lambda desk: desk.promote(ANA))
    office.proposed()
    office.act(lambda desk: desk.roll_back(Admin("T1", "U2")))
    with pytest.raises(ProposalStale):
        office.act(lambda desk: desk.promote(ANA))
    assert office.serving() == 1


def test_a_second_admin_is_told_who_builds(office: Office):
    versions = office.desk.index.versions
    with versions.locked(who="ana"), pytest.raises(IndexBusy, match=r"being built by ana \(process \d+ on "):
        office.propose(anyway=True)


def test_a_proposal_that_another_release_wrote_is_no_candidate(office: Office):
    office.proposed()
    (office.desk.home / "index" / "candidate-2" / "proposal.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CandidateUnknown):
        office.act(lambda desk: desk.promote(ANA))
    assert office.act(lambda desk: desk.discard(ANA)) == 2
