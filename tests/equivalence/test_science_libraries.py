"""Notebooks with libraries that analysis knows nothing of end as in order, and their loops run in batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from both_ways import assert_same, run_in_order, run_with

from naavre_ext.model import event as events
from naavre_ext.model.run import RunOptions

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

#: By library, the cells, and how many of their loops run in batches.
ROWS: dict[str, tuple[tuple[str, ...], int]] = {
    "astropy": (
        (
            "from astropy import units as u\nfrom astropy.table import Table\n"
            "table = Table({'a': [1, 2, 3], 'b': [4.0, 5.0, 6.0]})\ntable['b'].unit = u.km",
            "table['c'] = table['b'].to(u.m)\nprint(table)",
            "# split: sum up\n# batches: 3\ntotal = 0\nfor row in table:\n    total += row['c']\nprint(total)",
        ),
        1,
    ),
    "geopandas": (
        (
            "import geopandas as gpd\nfrom shapely.geometry import Point, box\n"
            "points = [Point(i % 4, i // 4) for i in range(12)]\n"
            "places = gpd.GeoDataFrame({'n': range(12)}, geometry=points, crs=4326)",
            "# split: count\n# batches: 3\ncounts = {}\nfor k in range(4):\n"
            "    counts[k] = int(places.within(box(k - 0.5, -1, k + 1.5, 2)).sum())\nprint(counts)",
            "# split: areas\n# batches: 3\nareas = []\nfor place in places.geometry:\n"
            "    areas.append(place.buffer(0.5))\nplaces['area'] = gpd.GeoSeries(areas).area",
            "places['zone'] = places.n % 3",
            "# split: zones\n# batches: 3\nparts = []\nfor zone, part in places.groupby('zone'):\n"
            "    part = part.copy()\n    part['size'] = len(part)\n    parts.append(part)\n"
            "together = gpd.pd.concat(parts)\nprint(type(together).__name__, together.crs)",
        ),
        3,
    ),
    "h5py": (
        (
            "import h5py\nimport numpy as np\n"
            "def write(i):\n    with h5py.File(f'part{i}.h5', 'w') as file:\n"
            "        file['x'] = np.full(3, i)\n        file.attrs['number'] = i\n"
            "def read(i):\n    with h5py.File(f'part{i}.h5') as file:\n"
            "        return file['x'][:].sum() + file.attrs['number']",
            "# split: write\n# batches: 3\nfor i in range(6):\n    write(i)",
            "# split: read\n# batches: 3\nsums = [read(i) for i in range(6)]\nprint(sums)",
        ),
        2,
    ),
    "lightgbm": (
        (
            "import lightgbm as lgb\nimport numpy as np\nrng = np.random.default_rng(0)\n"
            "X = rng.normal(size=(200, 4))\ny = (X[:, 0] > 0).astype(int)",
            "# split: fit\n# batches: 2\nmodels, scores = [], []\nfor seed in range(4):\n"
            "    model = lgb.LGBMClassifier(n_estimators=5, random_state=seed, verbose=-1, n_jobs=1).fit(X, y)\n"
            "    models.append(model)\n    scores.append(float(model.score(X, y)))\nprint(scores)",
            "print([float(m.predict_proba(X)[:, 1].sum().round(6)) for m in models])",
        ),
        1,
    ),
    "numba": (
        (
            "import numpy as np\nfrom numba import njit, prange\n"
            "@njit\ndef roots(n):\n    s = 0.0\n    for i in range(n):\n        s += i**0.5\n    return s\n"
            "@njit(parallel=True)\ndef total(xs):\n    t = 0.0\n    for i in prange(len(xs)):\n"
            "        t += xs[i]\n    return t",
            "# split: roots\n# batches: 3\nout = []\nfor n in range(12):\n    out.append(roots(100 * n))",
            "xs = np.arange(1000.0)\nprint(sum(out), total(xs))",
            "# split: totals\n# batches: 3\nsums = []\nfor k in range(6):\n    sums.append(total(xs[100 * k :]))",
            "print(sums)\ndel roots, total  # each is made with a number of its own",
        ),
        2,
    ),
    "scikit-image": (
        (
            "import numpy as np\nfrom skimage import filters, measure\nimage = np.zeros((40, 40))\n"
            "image[5:15, 5:15], image[20:30, 25:35] = 1, 2",
            "labels = measure.label(image > 0)\nprint(labels.max())",
            "# split: blur\n# batches: 2\nblurred = []\nfor sigma in (0.5, 1, 2, 3):\n"
            "    blurred.append(filters.gaussian(image, sigma))\nprint([float(b.sum()) for b in blurred])",
        ),
        2,
    ),
    "xarray": (
        (
            "import numpy as np\nimport pandas as pd\nimport xarray as xr\n"
            "times = pd.date_range('2020-01-01', periods=12, freq='MS')\n"
            "data = xr.Dataset({'t': (('time', 'x'), np.arange(36.0).reshape(12, 3))},"
            " coords={'time': times, 'x': [0, 1, 2]}, attrs={'title': 'demo'})",
            "# split: months\n# batches: 3\nmeans = []\nfor time in data.time.values:\n"
            "    means.append(float(data.t.sel(time=time).mean()))\nprint(means)",
            "data['anomaly'] = data.t - data.t.mean('time')\ndata.to_netcdf('data.nc', engine='h5netcdf')",
            "stored = xr.open_dataset('data.nc', engine='h5netcdf')",
            "# split: columns\n# batches: 3\nspread = {}\nfor x in stored.x.values:\n"
            "    spread[int(x)] = float(stored.anomaly.sel(x=x).std())\nprint(spread)",
            "stored.close()\ndel stored",
        ),
        2,
    ),
}


@pytest.fixture
def executor(shared_ray) -> Iterator[Any]:
    executor = shared_ray.executor(fresh=True)
    yield executor
    executor.close()


@pytest.mark.parametrize(("cells", "split"), ROWS.values(), ids=ROWS)
def test_library_that_analysis_does_not_know(
    cells: tuple[str, ...],
    split: int,
    executor: Any,
    tmp_path: Path,
) -> None:
    expected = run_in_order(cells, str(tmp_path))
    run = run_with(executor, cells, RunOptions(cwd=str(tmp_path), keep=None))
    assert_same(expected, run.ending, cells, identity=False)
    assert run.fanned_out == split, run.of(events.SplitRefused)
