"""What finds the notebook's names in texts: formulas put together while it runs, pickles, annotations."""

from __future__ import annotations

from notebook_row import Row, sampled, written


def _evaluated(first: str, loop: str, result: str) -> Row:
    """A loop evaluates texts, which mention names of the notebook."""
    return written(
        f"""
        import numpy as np, pandas as pd
        df = pd.DataFrame({{"x": np.arange(1.0, 9), "y": np.arange(8.0) ** 2}})
        k = 4
        def squared(v): return v ** 2
        {first}
        ---
        # split:
        found = {{}}
        for {loop}:
            found[c] = {result}
        print(found)
        """,
        splits=1,
        on_ray=True,
    )


_SMF = "import statsmodels.formula.api as smf"
_FIT = "smf.ols({}, data=df{}).fit().rsquared.round(6)"

_ROWS = {
    "conditions in a dict": _evaluated(
        "cuts = {'high': 'x > @k', 'low': 'x <= @k'}",
        *("c, cut in cuts.items()", "len(df.query(cut))"),
    ),
    "conditions whose errors are caught": written(
        """
        import pandas as pd
        df = pd.DataFrame({"x": [1, 2, 3, 4]})
        k = 2
        cuts = {"high": "x > @k", "low": "x <= @k"}
        ---
        # split:
        found = {}
        for name, cut in cuts.items():
            try:
                found[name] = len(df.query(cut))
            except Exception:
                found[name] = 0
        print(found)
        """
    ),
    "a condition with a number in it": _evaluated(
        "", "c in range(4)", "len(df.query(f'x > @k and x != {c}', engine='python'))"
    ),
    "a condition with a name in it": _evaluated(
        "low, high = 2, 6", "c in ['low', 'high']", "len(df.query('x > @' + c))"
    ),
    "conditions on what a function gets": _evaluated(
        "def few(table, cut): return table.query(cut)",
        *("c in ['x > @k', 'x < @k']", "len(few(df, c))"),
    ),
    "expressions of a table": _evaluated("", "c in ['x * @k', 'x + @k']", "df.eval(c).sum()"),
    "expressions": _evaluated("", "c in ['df.x * k', 'df.x + k']", "pd.eval(c).sum()"),
    "formulas": _evaluated(_SMF, "c in ['y ~ x', 'y ~ np.log(x)']", _FIT.format("c", "")),
    "formulas with a term in them": _evaluated(
        _SMF,
        *("c in ['x', 'squared(x)']", _FIT.format("f'y ~ np.log(x) + {c}'", ", missing='drop'")),
    ),
    "a formula by its name": _evaluated(
        f"{_SMF}; formula = 'y ~ squared(x)'",
        *("c in range(3)", _FIT.format("formula=formula", "")),
    ),
    "terms": _evaluated(
        "import patsy",
        *(
            "c in ['squared(x)', 'np.log(x)']",
            "patsy.dmatrix(c, df, return_type='dataframe').sum().sum().round(6)",
        ),
    ),
    "matrices by their names": written(
        """
        import numpy as np
        A = np.ones((2, 2)); B = np.zeros((2, 2))
        ---
        M = np.bmat("A B; B A")
        ---
        A = A * 3
        ---
        x = A.sum()
        ---
        print(M.sum(), x)
        """
    ),
}
_PICKLED = """
    import joblib, pickle
    class P:
        def __init__(self, x): self.x = x
    for i in range(4):
        joblib.dump(P(i), f"p{i}.pkl")
    def load(path):
        try:
            return joblib.load(path).x
        except Exception:
            return None
    ---
"""
_ROWS |= {
    "pickled objects, in cells": written(
        f"""{_PICKLED}
    a = load("p1.pkl")
    ---
    b = load("p2.pkl")
    ---
    print(a, b)
        """,
        on_ray=True,
    ),
    "pickled objects, in a loop": written(
        f"""{_PICKLED}
    # split:
    found = []
    for i in range(5):
        try:
            with open(f"p{{i}}.pkl", "rb") as file:
                found.append(pickle.load(file).x)
        except (OSError, AttributeError):
            found.append(None)
    print(found)
        """
    ),
    "names looked up in the notebook's module, of which analysis can't know": written(
        """
        import importlib
        K = 5
        def found(name):
            try:
                return getattr(importlib.import_module("__main__"), name)
            except AttributeError:
                return None
        ---
        a = found("K")
        ---
        # split:
        out = []
        for name in ["K", "L", "K"]:
            out.append(found(name))
        ---
        print(a, out)
        """,
        splits=0,
    ),
    "annotations as texts": written(
        """
        import typing
        class Rec: pass
        def f(x: "Rec") -> "list[Rec]": return [x]
        ---
        # split:
        found = []
        for i in range(4):
            try:
                found.append(str(typing.get_type_hints(f)))
            except NameError as error:
                found.append(str(error))
        print(found)
        """,
        on_ray=True,
    ),
}

ROWS = sampled(
    _ROWS, "conditions in a dict", "formulas", "pickled objects, in cells", "annotations as texts"
)
