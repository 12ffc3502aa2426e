"""Names that come by ``from module import *``."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "numpy": written(
        """
        from numpy import *
        def work(k):
            return ones(k) * k
        ---
        a = work(2) + sin(pi)
        ---
        b = sum(a), max([1, 2]), abs(-3), any([0, 1])
        ---
        c = work(3)
        ---
        random.seed(1)
        d = random.rand(2)
        ---
        a[0] = 9
        ---
        # split:
        e = [float(sqrt(x)) for x in range(4)]
        ---
        print(a, b, c, d, e, random.rand())
    """,
        splits=1,
        on_ray=True,
    ),
    "pylab": written(
        """
        import warnings
        warnings.simplefilter('ignore')
        ---
        %pylab inline
        ---
        a = array([0.0, 0.5]) * pi
        ---
        b = array([1, 2])
        c = b
        ---
        c[0] = 5
        ---
        # split:
        d = [float(np.sqrt(x) + floor(x)) for x in range(4)]
        ---
        rcParams['font.size'] = 7
        ---
        print(a, b, d, plt.rcParams['font.size'], numpy.zeros(1))
    """,
        splits=1,
    ),
    "sympy": written("""
        from sympy import *
        init_printing()
        def work(k):
            return [k] * k
        x, y = symbols('x y')
        ---
        e = expand((x + y) ** 2)
        ---
        a = work(2)
        ---
        f = diff(e, x), solve(x ** 2 - 4, x), Rational(1, 2)
        ---
        print(e, a, f, e.subs(x, 1), Symbol('x') is x)
    """),
    "several, one over the other": written("""
        from math import *
        from numpy import *
        def work(k):
            return [k] * k
        ---
        a = sqrt(array([4.0, 9.0])), floor(2.5)
        ---
        from math import *
        ---
        b = floor(2.5), work(2)
        ---
        from cmath import *
        c = sqrt(-1)
        ---
        print(a, b, c)
    """),
    "a module of the notebook's own": written("""
        !rm -f star_helpers.py
        ---
        %%writefile star_helpers.py
        import math
        __all__ = ['double', 'LIMIT', 'seen']
        LIMIT = 3
        seen = []
        def double(x):
            seen.append(x)
            return [x * 2 for _ in range(LIMIT)]
        hidden = 1
        ---
        import sys
        sys.path.insert(0, '')
        sys.modules.pop('star_helpers', None)
        from star_helpers import *
        def work(k):
            return [k] * k
        ---
        a = double(LIMIT)
        ---
        b = work(2)
        ---
        c = double(1)
        ---
        print(a, b, c, seen, 'hidden' in globals())
        sys.path.remove('')
    """),
    "inside try": written("""
        try:
            from no_such_module_here import *
        except ImportError:
            from collections import *
        def work(k):
            return [k] * k
        ---
        a = Counter('abca'), work(2)
        ---
        d = defaultdict(list)
        d['x'].append(1)
        ---
        print(a, d, OrderedDict(a=1))
    """),
    "names that the star hides": written("""
        def work(k):
            return [k] * k
        pi, e, gamma = 3, 'mine', [1]
        ---
        from math import *
        ---
        a = [pi, e, work(1)]
        ---
        e = 'again'
        ---
        b = [e, floor(pi)] + work(2)
        ---
        print(a, b, gamma)
    """),
}
