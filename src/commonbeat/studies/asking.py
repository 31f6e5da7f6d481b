"""The questions of a plan, one by one, each with a suggestion. Whoever asks (terminal or desk) brings the voice."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["QUESTIONS", "interview"]

#: entry -> (question, suggestion)
QUESTIONS = {
    "plan_id": ("A short name for the study, without spaces", "visits"),
    "title": ("What is it called?", "Do short friendly visits move trust?"),
    "question": (
        "The question, as a resident would ask it",
        "If officers come by when nothing is wrong, do people feel treated with more respect?",
    ),
    "design": (
        "How does the comparison come about? (individual, blocked, cluster, matched_pair, saturation, story_experiment, before_after)",
        "cluster",
    ),
    "treated": ("What do some get?", "visit"),
    "control": ("And the others?", "none"),
    "ring": ("Whose trust decides the answer? (officer, participant, onlooker, neighbour, viewer)", "participant"),
    "wave": ("After how many days?", "21"),
    "waves": ("On which days are people asked? (days, with commas)", "0, 3, 21, 90"),
    "questionnaire": ("Which questionnaire, in which version?", "pulse-1"),
    "items": (
        "Which of its items make the outcome? (with commas)",
        "respect, fairness, voice, safety, cooperation, belonging, understanding",
    ),
    "smallest_effect": ("The smallest effect that would matter, in points of 0-100", "3.0"),
    "groups": ("Within which groups shall it be looked at? (with commas)", "race, prior_trust, recent_enforcement"),
}


def interview(ask: Callable[[str, str], str]) -> str:
    """Asks every question  -> the plan as TOML. ask(question, suggestion) gives the answer as text."""
    said = {name: str(ask(question, suggestion)).strip() for name, (question, suggestion) in QUESTIONS.items()}
    waves = [w.strip() for w in said["waves"].split(",") if w.strip()]
    how = "observed" if said["design"] == "before_after" else "randomised"
    lines = [f"{name} = {_text(said[name])}" for name in ("plan_id", "title", "question", "design")]
    lines += [
        f"arms = [{_text(said['treated'])}, {_text(said['control'])}]",
        f"waves = [{', '.join(waves)}]",
        f"groups = [{_texts(said['groups'])}]",
        'covariates = ["prior_trust"]',
        'estimator = "adjusted_effect"',
        'robustness = ["difference_in_means"]',
        f"smallest_effect = {said['smallest_effect']}",
        "", "[outcome]", 'name = "trust"', f"questionnaire = {_text(said['questionnaire'])}", f"items = [{_texts(said['items'])}]",
        "", "[primary]", f"ring = {_text(said['ring'])}", f"wave = {said['wave']}", f"treated = {_text(said['treated'])}", f"control = {_text(said['control'])}",
        "", f"[rings.{said['ring']}]", f"how = {_text(how)}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _text(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _texts(words: str) -> str:
    return ", ".join(_text(w.strip()) for w in words.split(",") if w.strip())
