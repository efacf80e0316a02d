"""Peers that seek changes in series, at their defaults; those that are not installed are named and left out.

pip install ruptures adtk river prophet
"""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)


class Peer(NamedTuple):
    """``seek``: places of changes in values at equal steps, without gaps (n,); ``module``: what it needs.

    ``scale``: places a day of what it is given, 1 or 24; of days it tells levels, of hours points.
    """

    name: str
    module: str
    scale: int
    seek: Callable[[np.ndarray], list[int]]


def standard(x: np.ndarray) -> np.ndarray:
    """Mean 0, deviation 1."""
    return (x - x.mean()) / max(float(x.std()), 1e-12)


def penalty(n: int) -> float:
    """BIC of a level and a place beside a variance of 1."""
    return 2.0 * float(np.log(n))


def pelt(x: np.ndarray) -> list[int]:
    """Exact L2 segmentation (of ruptures' two programs the one in C)."""
    import ruptures

    return ruptures.KernelCPD(kernel="linear", min_size=2).fit(standard(x)).predict(pen=penalty(len(x)))[:-1]


def kernel(x: np.ndarray) -> list[int]:
    import ruptures

    return ruptures.KernelCPD(kernel="rbf", min_size=2).fit(standard(x)).predict(pen=penalty(len(x)))[:-1]


def window(x: np.ndarray) -> list[int]:
    import ruptures

    width = min(50, len(x) // 2)
    return ruptures.Window(width=width, model="l2", jump=1).fit(standard(x)).predict(pen=penalty(len(x)))[:-1]


def _series(x: np.ndarray, step: str):  # type: ignore[no-untyped-def]
    import pandas as pd

    return pd.Series(x, index=pd.date_range("2017-01-01", periods=len(x), freq=step))


def _starts(flags: np.ndarray) -> list[int]:
    return [int(p) for p in np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int)])) == 1)]


def level_shift(x: np.ndarray) -> list[int]:
    """The middle of each run that is flagged, of windows of 14 places or a tenth."""
    from adtk.detector import LevelShiftAD

    flags = LevelShiftAD(window=max(2, min(14, len(x) // 10))).fit_detect(_series(x, "D")).fillna(False).to_numpy()
    starts, ends = _starts(flags), _starts(~flags.astype(bool))
    return [(s + min([e for e in ends if e > s], default=len(x))) // 2 for s in starts]


def adwin(x: np.ndarray) -> list[int]:
    from river.drift import ADWIN

    found, detector = [], ADWIN()
    for i, value in enumerate(standard(x)):
        detector.update(float(value))
        if detector.drift_detected:
            found.append(i)
    return found


def prophet(x: np.ndarray) -> list[int]:
    """Trend changes of more than the 0.01 above which its own figures show them."""
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    series = _series(x, "D")
    frame = series.rename_axis("ds").rename("y").reset_index()
    model = Prophet().fit(frame)
    deltas = np.abs(np.nanmean(model.params["delta"], axis=0))
    return [int(p) for p, d in zip(series.index.get_indexer(model.changepoints), deltas, strict=True) if d > 0.01]


def stl(x: np.ndarray) -> list[int]:
    """Hours whose residual of STL by the week passes five robust deviations."""
    from statsmodels.tsa.seasonal import STL

    rest = STL(x, period=168, robust=True, seasonal_jump=24, trend_jump=24, low_pass_jump=24).fit().resid
    return _starts(np.abs(rest) > 5 * 1.4826 * np.median(np.abs(rest)))


def seasonal(x: np.ndarray) -> list[int]:
    from adtk.detector import SeasonalAD

    return _starts(SeasonalAD(freq=168).fit_detect(_series(x, "h")).fillna(False).to_numpy())


def persist(x: np.ndarray) -> list[int]:
    from adtk.detector import PersistAD

    return _starts(PersistAD().fit_detect(_series(x, "h")).fillna(False).to_numpy())


PEERS = (
    Peer("ruptures PELT L2", "ruptures", 1, pelt),
    Peer("ruptures KernelCPD rbf", "ruptures", 1, kernel),
    Peer("ruptures Window L2", "ruptures", 1, window),
    Peer("adtk LevelShiftAD", "adtk", 1, level_shift),
    Peer("river ADWIN", "river", 1, adwin),
    Peer("Prophet trend", "prophet", 1, prophet),
    Peer("STL 168 h + 5 MAD", "statsmodels", 24, stl),
    Peer("adtk SeasonalAD", "adtk", 24, seasonal),
    Peer("adtk PersistAD", "adtk", 24, persist),
)


def installed() -> Iterator[Peer]:
    """Those that are here and run; of the others a line tells."""
    trial = np.random.default_rng(1).normal(size=1000)
    for peer in PEERS:
        if not importlib.util.find_spec(peer.module):
            print(f"{peer.name:24} not installed")
            continue
        try:
            peer.seek(trial)
        except Exception as fault:  # noqa: BLE001  # whatever keeps a peer from running, such as a library newer than it knows
            print(f"{peer.name:24} does not run: {type(fault).__name__}: {str(fault).splitlines()[0]}")
            continue
        yield peer


def filled(x: np.ndarray) -> np.ndarray:
    """Gaps bridged: none of them takes NaN."""
    at, known = np.arange(len(x)), ~np.isnan(x)
    return np.interp(at, at[known], x[known])


def logs(values: np.ndarray, width: int, scale: int) -> np.ndarray:
    """Log means of days or hours of bins of ``width`` seconds, gaps bridged."""
    per = max(1, 86_400 // scale // width)
    rows = values[: len(values) // per * per].reshape(-1, per)
    known = (~np.isnan(rows)).mean(axis=1) >= 0.5
    mean = np.where(known, np.nansum(rows, axis=1) / np.maximum((~np.isnan(rows)).sum(axis=1), 1), np.nan)
    return filled(np.log(np.maximum(mean, 1e-3 * np.nanmedian(mean))))
