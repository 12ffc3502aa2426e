# ruff: noqa: E501  (one row per surprise)
"""scikit-learn, statsmodels and SciPy: estimators that are fitted, generators that are drawn from, results."""

from __future__ import annotations

from notebook_row import row, sampled, split

_DATA = "import numpy as np\nrng = np.random.RandomState(0)\nX = rng.rand(30, 2)\ny = X @ [1.0, 2.0] + 1"
#: Makes a cell worth another worker.
_COSTLY = "costly = sum(i * i for i in range(3))"

ROWS = sampled(
    {
        "fit then predict": row(
            _DATA
            + "\nfrom sklearn.linear_model import LinearRegression\nmodel = LinearRegression()",
            "model.fit(X, y)\nNone",
            "a = model.predict(X[:2]).round(6)\n" + _COSTLY,
            "model.fit(X[:10], -y[:10])\nNone",
            "b = model.predict(X[:2]).round(6)\n" + _COSTLY,
            "score = model.score(X, y)\n" + _COSTLY,
            "print(a, b, score < 0, model.coef_.round(6))",
        ),
        "unseeded estimators share the global generator": row(
            _DATA
            + "\nfrom sklearn.tree import DecisionTreeRegressor\nfrom sklearn.svm import SVR\nnp.random.seed(1)",
            "a = DecisionTreeRegressor(max_features=1).fit(X, y).predict(X[:3])\n" + _COSTLY,
            "b = np.random.rand()",
            "from sklearn.model_selection import train_test_split\nparts = train_test_split(X, y)",
            "SVR().fit(X, y)\nNone",
            "print(a, b, parts[0][:2], np.random.rand())",
        ),
        "frozen distributions draw from the global generator": row(
            "import numpy as np, scipy.stats\nnp.random.seed(17)",
            "one = scipy.stats.norm(1.0, 2.0)\n" + _COSTLY,
            "two = scipy.stats.norm(3.0, 4.0)\n" + _COSTLY,
            "a = one.rvs(3)",
            "b = two.rvs(3)",
            "print(a, b, one.rvs(), np.random.rand())",
        ),
        "a generator given to estimators": row(
            _DATA
            + "\nfrom sklearn.ensemble import RandomForestRegressor\ngenerator = np.random.RandomState(4)",
            "a = RandomForestRegressor(2, random_state=generator).fit(X, y).predict(X[:2])",
            "b = RandomForestRegressor(2, random_state=generator).fit(X, y).predict(X[:2])",
            "c = generator.rand()",
            "d = RandomForestRegressor(2, random_state=5).fit(X, y).predict(X[:2])\n" + _COSTLY,
            "print(a, b, c, d)",
        ),
        "pipelines sharing a step": row(
            _DATA
            + "\nfrom sklearn.pipeline import make_pipeline, Pipeline\nfrom sklearn.linear_model import Ridge\n"
            "from sklearn.preprocessing import StandardScaler, PolynomialFeatures\nscaler = StandardScaler()",
            "one = make_pipeline(scaler, Ridge())\ntwo = Pipeline([('s', scaler), ('p', PolynomialFeatures(2)), ('r', Ridge())])",
            "one.fit(X, y)\nNone",
            "first = scaler.mean_.copy()\n" + _COSTLY,
            "two.fit(X * 10, y)\nNone",
            "print(first.round(6), scaler.mean_.round(6), one.predict(X[:1]).round(6))\n" + _COSTLY,
            "print(one[0] is two[0])",
        ),
        "cross validation": row(
            _DATA + "\nfrom sklearn.model_selection import cross_val_score, KFold, GridSearchCV\n"
            "from sklearn.neighbors import KNeighborsRegressor\nnp.random.seed(2)",
            "a = cross_val_score(KNeighborsRegressor(), X, y, cv=3)\n" + _COSTLY,
            "b = cross_val_score(KNeighborsRegressor(), X, y, cv=KFold(3, shuffle=True))",
            "cv = KFold(3, shuffle=True)",
            "c = [test.tolist() for _, test in cv.split(X)]",
            "search = GridSearchCV(KNeighborsRegressor(), {'n_neighbors': [1, 3]}, cv=3).fit(X, y)",
            "print(a.round(6), b.round(6), c, search.best_params_, np.random.rand())\ndel search",
        ),
        "a model per loop turn": row(
            _DATA + "\nfrom sklearn.linear_model import Ridge\nscores = {}",
            split(
                "for alpha in [0.1, 1.0, 10.0, 100.0]:\n    scores[alpha] = Ridge(alpha).fit(X, y).score(X, y)"
            ),
            "print({k: round(v, 6) for k, v in scores.items()})",
            splits=1,
        ),
        "one model fitted in a loop": row(
            _DATA + "\nfrom sklearn.linear_model import Ridge\nmodel = Ridge()\ncoefs = []",
            split(
                "for alpha in [0.1, 1.0, 10.0, 100.0]:\n    model.set_params(alpha=alpha).fit(X, y)\n    coefs.append(model.coef_)"
            ),
            "print(np.round(coefs, 6), model.alpha)",
            splits=0,
        ),
        "copy=False changes the data": row(
            _DATA
            + "\nfrom sklearn.preprocessing import StandardScaler\nscaler = StandardScaler(copy=False)",
            "before = X.mean()\n" + _COSTLY,
            "scaler.fit(X)\nNone",
            "Z = scaler.transform(X)",
            "after = X.mean()\n" + _COSTLY,
            "print(round(before, 6), round(after, 6), Z.std())",
        ),
        "data sets": row(
            "from sklearn.datasets import load_iris\niris = load_iris()",
            "X, y = iris.data, iris.target",
            "means = X.mean(axis=0)\n" + _COSTLY,
            "X[0] = 100",
            "print(means, iris.data[0], iris['target_names'], X.shape)\n" + _COSTLY,
        ),
        "distributions draw from the global generator": row(
            "import numpy as np, random\nfrom scipy import stats\nnp.random.seed(3)\nfrozen = stats.norm(1, 2)",
            "a = stats.norm.rvs(size=2)\n" + _COSTLY,
            "b = frozen.rvs(2)\n" + _COSTLY,
            "c = stats.norm.rvs(size=2, random_state=1)\n" + _COSTLY,
            "d = frozen.pdf(0.5), stats.ttest_ind([1, 2, 3], [2, 3, 5]).pvalue\n" + _COSTLY,
            "kde = stats.gaussian_kde([1.0, 2.0, 4.0])\ne = kde(2.0), kde.resample(1)",
            "print(a, b, c, d, e, np.random.rand())",
        ),
        "random and NumPy are two generators": row(
            "import random, numpy as np\nrandom.seed(1)\nnp.random.seed(1)",
            "a = random.random()\n" + _COSTLY,
            "b = np.random.rand()\n" + _COSTLY,
            "xs = [1, 2, 3, 4]\nrandom.shuffle(xs)",
            "print(a, b, xs, random.choice(xs), np.random.randint(10))",
        ),
        "interpolators and integrators": row(
            "import numpy as np\nfrom scipy import integrate, interpolate, optimize\nx = np.linspace(0, 3, 7)",
            "f = interpolate.interp1d(x, x ** 2)\ng = interpolate.CubicSpline(x, x ** 3)",
            "a = f(1.2), g(1.2), g.derivative()(1.0)\n" + _COSTLY,
            "solver = integrate.ode(lambda t, u: -u).set_integrator('dopri5').set_initial_value(1.0, 0)",
            "half = solver.integrate(0.5)[0]",
            "full = solver.integrate(1.0)[0]",
            "b = optimize.brentq(lambda v: v * v - 2, 0, 2), integrate.quad(np.sin, 0, np.pi)[0]\n"
            + _COSTLY,
            "print(np.round(a, 6), round(half, 4), round(full, 4), solver.successful(), np.round(b, 6))",
        ),
        "a callback that keeps its steps": row(
            "from scipy import optimize\nsteps = []",
            "def cost(v):\n    steps.append(float(v[0]))\n    return (v[0] - 1) ** 2",
            "best = optimize.minimize(cost, [3.0], method='Nelder-Mead').x",
            "print(len(steps) > 3, best.round(3))\n" + _COSTLY,
        ),
        "ordinary least squares": row(
            "import numpy as np, pandas as pd, statsmodels.api as sm\nrng = np.random.default_rng(0)\n"
            "df = pd.DataFrame({'x': rng.normal(size=20)})\ndf['y'] = 2 * df.x + 1",
            "model = sm.OLS(df.y, sm.add_constant(df.x))\nresults = model.fit()",
            "a = results.params.round(4).tolist()\n" + _COSTLY,
            "b = results.predict(sm.add_constant(df.x))[:2].round(4).tolist()\n" + _COSTLY,
            "df['y'] = 0.0",
            "c = sm.OLS(df.y, sm.add_constant(df.x)).fit().params.round(4).tolist()\n" + _COSTLY,
            "print(a, b, c, 'OLS Regression Results' in str(results.summary()))\ndel model, results",
        ),
        "a model keeps the very array, and a part of its own of it": row(
            "import numpy as np\nX = np.random.default_rng(0).random((40, 3))\ny = (X[:, 0] > 0.5).astype(int)\n"
            + _COSTLY,
            "from sklearn.neighbors import KNeighborsClassifier\nmodel = KNeighborsClassifier(n_neighbors=1)",
            "fitted = model.fit(X, y)",
        ),
        "formulas read the notebook's names": row(
            "import numpy as np, pandas as pd, statsmodels.formula.api as smf\n"
            "df = pd.DataFrame({'x': [1.0, 2.0, 3.0, 4.0, 6.0], 'y': [2.0, 4.1, 6.0, 8.2, 11.9]})",
            "shift = 1\ndef moved(v):\n    return v + shift",
            "a = smf.ols('y ~ moved(x)', data=df).fit().params.round(4).tolist()",
            "shift = 5",
            "b = smf.ols('y ~ moved(x)', data=df).fit().params.round(4).tolist()",
            "formula = 'y ~ np.log(x)'",
            "c = smf.ols(formula, df).fit().params.round(4).tolist()",
            "print(a, b, c)",
        ),
    },
    "fit then predict",
    "unseeded estimators share the global generator",
    "a model per loop turn",
)
