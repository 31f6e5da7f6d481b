"""Who does what, when: the two plays. Each knows its camera and draws one moment of itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from commonbeat.city.canvas import Camera
from commonbeat.city.faces import Look, Mood
from commonbeat.city.people import Outfit, Pose, person, stroller
from commonbeat.city.stage import GROUND, drifting

__all__ = ["PLAYS", "DanceOff", "Stroller"]

UNIFORM = Outfit(top=(72, 104, 156), legs=(40, 50, 82), shoes=(34, 32, 38), badge=True)


def ease(t, a, b):
    """0 before a, 1 after b, gently between."""
    u = np.clip((t - a) / (b - a), 0, 1)
    return float(u * u * (3 - 2 * u))


def blink(t, phase):
    return 1.0 if (t + phase) % 2.7 < 0.11 else 0.0


PASSERS = (
    (Look("honey", "black", "short", "adult", beard=True), Outfit((226, 178, 92), (84, 80, 96))),
    (Look("cocoa", "black", "curls", "adult"), Outfit((150, 112, 170), (92, 74, 70), dress=True)),
    (Look("porcelain", "grey", "short", "elder", glasses=True), Outfit((120, 144, 112), (100, 92, 86))),
    (Look("ebony", "black", "short", "adult"), Outfit((214, 108, 84), (60, 70, 100))),
    (Look("rose", "sand", "bob", "adult"), Outfit((110, 160, 168), (88, 76, 96))),
    (Look("umber", "grey", "bun", "elder"), Outfit((190, 92, 110), (90, 70, 84), dress=True)),
)


@dataclass(frozen=True, slots=True)
class Stroller:
    """Peekaboo at the crossing: a baby looks, an officer hides behind her hands, comes out, and everybody laughs."""

    rng: object
    light_baby: bool = field(default=False)
    petals: tuple = field(default=())

    def __post_init__(self):
        object.__setattr__(self, "light_baby", bool(self.rng.random() < 0.5))
        object.__setattr__(self, "petals", tuple(map(tuple, self.rng.random((18, 3)))))

    def camera(self, t):
        near, close = ease(t, 0.9, 3.2), ease(t, 4.3, 5.5)
        return Camera(
            800 + 110 * near, 450 + 70 * near + 3 * np.sin(1.3 * t) - 6 * close, 1.0 + 0.75 * near + 0.5 * close
        )

    def draw(self, canvas, t):
        self._street(canvas, t)
        drifting(canvas, self.petals, t, 18)  # behind the three, so that no leaf sticks to a face
        hide = ease(t, 1.5, 1.8) - ease(t, 2.35, 2.5) + ease(t, 3.6, 3.85) - ease(t, 4.3, 4.45)
        fun = ease(t, 2.4, 2.7)
        jolly = 0.5 + 0.5 * np.sin(11 * t)
        self._mother(canvas, t, fun)
        self._officer(canvas, t, hide, fun)
        laughs = fun * (1 - 0.8 * (ease(t, 3.7, 3.9) - ease(t, 4.3, 4.45)))
        baby = (
            Look("porcelain", "sand", "tuft", "baby", (80, 120, 150))
            if self.light_baby
            else Look("cocoa", "black", "tuft", "baby")
        )
        mood = Mood(
            0.25 + 0.75 * laughs,
            laughs * (0.5 + 0.5 * jolly),
            max(blink(t, 0.4), 1.0 if laughs > 0.8 and jolly > 0.45 else 0.0),
            -0.25,
            -0.75 * (1 - 0.5 * laughs),
        )
        stroller(
            canvas,
            985,
            808,
            250,
            "baby",
            baby,
            mood,
            kick=12 * t * (0.2 + fun),
            tilt=0.07 * fun * np.sin(9 * t) - 0.05,
        )

    def _street(self, canvas, t):
        for k, (start, speed, y, tall) in enumerate(
            ((-40, 74, 660, 205), (1500, -58, 668, 215), (420, 30, 654, 198), (1180, -20, 656, 196))
        ):
            look, outfit = PASSERS[k]
            walk = np.sin(6.2 * t + 2 * k)
            pose = Pose((0.30 * walk + 0.1, -0.30 * walk + 0.1), (0.25, 0.25), step=0.8 * walk, tilt=0.03 * walk)
            person(
                canvas,
                f"passer {k + 1}",
                start + speed * t,
                y,
                tall,
                look,
                Mood(0.5, 0, blink(t, k), 0.5 * np.sign(speed)),
                pose,
                outfit,
            )

    def _mother(self, canvas, t, fun):
        light = self.light_baby
        look = Look("rose", "chestnut", "bun", "adult") if light else Look("umber", "black", "curls", "adult")
        bounce = 0.02 * fun * np.sin(10 * t)
        pose = Pose(
            (0.55, 0.25 + 0.2 * fun),
            (-0.2, 1.6 * fun + 0.1),
            lean=-0.05 + bounce,
            tilt=-0.10 - 0.05 * fun * np.sin(5 * t),
        )
        mood = Mood(
            0.5 + 0.5 * fun,
            0.75 * fun * (np.sin(5 * t) > -0.3),
            max(blink(t, 1.1), 1.0 if fun > 0.8 and np.sin(5 * t) > 0.5 else 0),
            -0.25,
            -0.5,
        )
        person(canvas, "mother", 1190, 800, 500, look, mood, pose, Outfit((222, 132, 88), (92, 84, 116), dress=True))

    def _officer(self, canvas, t, hide, fun):
        dark = self.light_baby  # one of the two is always dark-skinned, the other light-skinned
        look = (
            Look("ebony", "black", "bun", "adult", cap=True)
            if dark
            else Look("rose", "chestnut", "bun", "adult", (84, 104, 96), cap=True)
        )
        open_ = fun * (1 - hide) * (0.5 + 0.5 * (np.sin(7 * t) > 0))
        mood = Mood(0.5 + 0.5 * max(fun, hide), open_, blink(t, 0.2) if hide < 0.5 else 1.0, 0.5, 0.75)
        lean = 0.10 + 0.10 * ease(t, 1.0, 1.8) + 0.02 * fun * np.sin(8 * t)
        wave = fun * (1 - hide)
        arms = (0.35 + wave * (1.0 + 0.3 * np.sin(6 * t)), 0.35 + wave * (0.7 + 0.3 * np.sin(6 * t + 1)))
        pose = Pose(
            arms,
            (0.4 + 0.9 * wave, 0.4 + 0.9 * wave),
            knees=0.9 * ease(t, 0.8, 1.6),
            lean=lean,
            tilt=0.12 + 0.04 * np.sin(4 * t),
            hide=hide,
        )
        person(canvas, "officer", 740, 812, 520, look, mood, pose, UNIFORM)


@dataclass(frozen=True, slots=True)
class DanceOff:
    """Three children and an officer in a row; the officer is always a little late, until he is not."""

    rng: object
    petals: tuple = field(default=())

    def __post_init__(self):
        object.__setattr__(self, "petals", tuple(map(tuple, self.rng.random((26, 3)))))

    def camera(self, t):
        near = ease(t, 0.3, 4.5)
        return Camera(800 + 14 * np.sin(0.8 * t), 450 + 90 * near, 1.0 + 0.34 * near)

    def draw(self, canvas, t):
        beat = 2 * np.pi * t  # one step each half second: two steps a turn
        self._crowd(canvas, t, beat)
        self._speaker(canvas, t)
        drifting(canvas, self.petals, t, 10 + int(16 * ease(t, 3.6, 4.2)))
        kids = (
            ("child 1", 520, 300, Look("umber", "black", "puffs", "child"), Outfit((244, 186, 74), (92, 110, 160), (226, 84, 80), dress=True)),
            ("child 2", 725, 330, Look("rose", "copper", "bob", "child", (84, 110, 90)), Outfit((96, 164, 150), (84, 78, 104), (240, 236, 224), stripes=True)),
            ("child 3", 930, 285, Look("cocoa", "black", "short", "child"), Outfit((226, 92, 78), (70, 92, 128), (244, 240, 230), stripes=True)),
        )  # fmt: skip
        for k, (who, x, tall, look, outfit) in enumerate(kids):
            person(canvas, who, x, 812 + 10 * (k % 2), tall, look, *_dancing(t, beat, k, spin=k == 1), outfit)
        late = 0.9 * (1 - ease(t, 2.8, 4.0))
        mood, pose = _dancing(t, beat - late * 1.6, 3, clumsy=late)
        person(
            canvas, "officer", 1170, 818, 505, Look("honey", "black", "short", "adult", cap=True), mood, pose, UNIFORM
        )

    def _crowd(self, canvas, t, beat):
        for k, (x, tall) in enumerate(((330, 235), (455, 222), (640, 228), (840, 218), (1050, 230), (1345, 240))):
            look, outfit = PASSERS[k]
            clap = 0.5 + 0.5 * np.cos(2 * beat + 0.5 * k)
            pose = Pose(
                (0.45, 0.45),
                (-1.25 + 0.5 * clap - 0.6, -1.25 + 0.5 * clap - 0.6)
                if k % 2
                else (2.0 + 0.3 * clap, 2.0 + 0.3 * clap),
                up=0.10 * clap,
                tilt=0.08 * np.sin(beat + k),
            )
            mood = Mood(
                0.75 + 0.25 * (k % 2),
                0.5 * (np.sin(beat + 2 * k) > 0.2),
                blink(t, 0.7 * k),
                0.25 * np.sign(800 - x),
                0.25 * np.sign(800 - x),
            )
            person(canvas, f"neighbour {k + 1}", x, GROUND + 40 + 6 * (k % 2), tall, look, mood, pose, outfit)

    def _speaker(self, canvas, t):
        x, y, thump = 300, 800, 1 + 0.06 * max(0, np.cos(4 * np.pi * t))
        canvas.shade(x, y + 2, 80, 12, 0.4)
        canvas.shape([[x - 58, y - 150], [x + 58, y - 150], [x + 58, y], [x - 58, y]], (74, 66, 78), (50, 44, 54))
        canvas.limb(
            [(x - 40, y - 152), (x - 34, y - 176), (x + 34, y - 176), (x + 40, y - 152)], [5, 5, 5, 5], (60, 54, 64)
        )
        for cy, r in ((y - 106, 26), (y - 46, 38)):
            for k, tone in ((1.0, (100, 92, 104)), (0.8 * thump, (40, 36, 44)), (0.32 * thump, (222, 150, 84))):
                canvas.oval(x, cy, r * k, r * k, tone)
        for k in range(3):
            a = (t * 0.7 + k / 3) % 1
            canvas.oval(
                x + 60 + 70 * a,
                y - 150 - 120 * a + 10 * np.sin(9 * a + k),
                8 * (1 - 0.4 * a),
                6.5 * (1 - 0.4 * a),
                (214, 96, 84) if k % 2 else (84, 150, 160),
            )
            canvas.limb(
                [
                    (x + 67 + 70 * a, y - 150 - 120 * a + 10 * np.sin(9 * a + k)),
                    (x + 67 + 70 * a, y - 178 - 120 * a + 10 * np.sin(9 * a + k)),
                ],
                [1.8, 1.8],
                (92, 70, 80),
            )


def _dancing(t, beat, k, *, spin=False, clumsy=0.0):
    """One dancer at one moment  -> mood, pose: step, clap, arms up, and for one of them a spin."""
    side = np.sin(beat)
    lift = max(0.0, np.cos(2 * beat)) * (0.8 - 0.4 * clumsy)
    final = ease(t, 5.0, 5.3)
    left, right = 1.5 + 1.15 * side, 1.5 - 1.15 * side
    arms = tuple(a * (1 - final) + 2.7 * final for a in (left * (1 - 0.35 * clumsy), right * (1 - 0.35 * clumsy)))
    bends = (0.55 + 0.5 * side + 0.8 * clumsy, 0.55 - 0.5 * side + 0.3 * clumsy)
    turn, back = 0.25 * side, False
    if spin and 2.25 < t < 3.25:
        round_ = t - 2.25  # once round in a second: profile, back of the head, profile
        turn, back = float(np.clip(np.sin(2 * np.pi * round_) * 1.2, -1, 1)), 0.3 < round_ < 0.7
    joy = 0.5 + 0.5 * np.sin(beat / 2 + k)
    mood = Mood(
        0.75 + 0.25 * joy,
        (0.75 if joy > 0.55 or final else 0.25) * (1 - 0.6 * clumsy),
        max(blink(t, 0.5 * k), 1.0 if final > 0.9 and k % 2 else 0.0),
        turn,
        0.5 * clumsy * -1,
    )
    pose = Pose(arms, bends, step=side, up=lift * (1 - final) + 0.6 * final * max(0, np.sin(12 * t)), knees=0.25 + 0.25 * clumsy, lean=0.10 * side,
                tilt=0.22 * side * (1 + 0.4 * clumsy), back=back)  # fmt: skip
    return mood, pose


PLAYS = {"stroller": Stroller, "dance-off": DanceOff}
