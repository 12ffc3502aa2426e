"""Magics, shell commands and the output history."""

from __future__ import annotations

from notebook_row import written

ROWS = {
    "the shell has a name": written("""
        ip = get_ipython()
        latex = ip.display_formatter.formatters["text/latex"]
        ---
        a = [x for x in range(3)]
        ---
        print(type(latex).__name__, sum(a))
        del latex  # notebooks that this process ran before have left their marks in it
    """),
    "output history": written(
        """
        def work(k):
            return [k] * k
        1 + 1
        ---
        [5]
        ---
        a = _ + [1]
        ---
        b = work(2)
        ---
        Out[2].append(6)
        ---
        _2, __, _3 if '_3' in globals() else 'none'
        ---
        print(a, b, sorted(Out), In[2], _i2, len(In))
    """,
        on_ray=True,
    ),
    "history under a name that a later cell binds": written("""
        def work(k):
            return [k] * k
        work(2)
        ---
        a = len(_)
        ---
        b, _, c = work(3)
        ---
        [b, _, c]
        ---
        print(a, _, __, ___)
    """),
    "history read after a loop that may bind its name": written("""
        n = 0
        1 + 1
        ---
        for _ in range(n):
            pass
        ---
        a = _
        5
        ---
        for _ in range(3):
            pass
        ---
        print(a, _)
    """),
    "features of later Python reach batches and cells elsewhere": written(
        """
        from __future__ import annotations
        ---
        def busy(k):
            return sum(n * n for n in range(20_000)) + k
        ---
        # split:
        out = []
        for x in range(6):
            def f(a: int): return a
            out.append(str(f.__annotations__))
        ---
        def g(a: Nobody = busy(1)): return a
        a = str(g.__annotations__)
        ---
        def h(a: int = busy(2)): return a
        b = str(h.__annotations__)
        ---
        print(out, a, b)
    """,
        on_ray=True,
    ),
    "precision of numbers shown by batches": written(
        """
        %precision 3
        %config InlineBackend.figure_format = 'svg'
        ---
        # split:
        for x in range(6):
            display(x / 3)
        ---
        1 / 3
    """,
    ),
    "underscore as a throwaway name": written("""
        def work(k):
            return [k] * k
        for _ in range(3):
            pass
        ---
        a, _ = work(1), 5
        ---
        [0 for _ in range(2)]
        ---
        b = [_ for _ in work(2)]
        ---
        print(a, b, _)
    """),
    "gettext's underscore": written("""
        def work(k):
            return [k] * k
        _ = lambda s: s.upper()
        ---
        a = _('x')
        ---
        b = work(2)
        ---
        'shown'
        ---
        print(a, b, _('y'))
    """),
    "time with an assignment": written(
        """
        def work(k):
            return [k] * k
        ---
        %time a = work(2)
        ---
        %time b = a + work(1); c = len(b)
        ---
        %time work(3)
        ---
        _
        ---
        print(a, b, c)
    """,
        on_ray=True,
    ),
    "cell time": written("""
        %%time
        def work(k):
            return [k] * k
        a = work(2)
        ---
        %%time
        a.append(1)
        a
        ---
        print(a)
    """),
    "capture": written("""
        def work(k):
            return [k] * k
        ---
        %%capture out
        print('hidden')
        a = work(2)
        ---
        %%capture --no-stderr more
        print('more')
        b = work(1)
        ---
        c = out.stdout + more.stdout
        ---
        %%capture
        print('never seen')
        d = work(3)
        ---
        print(a, b, c, d)
    """),
    "timeit": written("""
        def work(k):
            seen.append(k)
            return [k] * k
        seen = []
        x = 1
        ---
        %timeit -n 2 -r 1 -q work(2)
        ---
        a = len(seen)
        ---
        t = %timeit -n 1 -r 1 -q -o work(3)
        ---
        %timeit -n 1 -r 1 -q x = 5
        ---
        print(a, x, type(t).__name__, len(seen))
        del t
    """),
    "cell timeit": written("""
        def work(k):
            return [k] * k
        x, seen = 1, []
        ---
        %%timeit -n 1 -r 1 -q
        x = 7
        seen.append(x)
        ---
        print(x, seen)
    """),
    "prun": written("""
        def work(k):
            return [k] * k
        ---
        %prun -q a = work(2)
        ---
        %prun -q seen = [1]
        ---
        b = a + seen
        ---
        %%prun -q
        c = work(3)
        b.append(1)
        ---
        print(a, b, c)
    """),
    "run a script": written("""
        def work(k):
            return [k] * k
        x = 1
        !rm -f script.py
        ---
        %%writefile script.py
        x = 5
        y = [x]
        ---
        %run script.py
        ---
        a = [x] + y + work(2)
        ---
        %run -i script.py
        ---
        y.append(a)
        ---
        print(x, y, a)
    """),
    "run a notebook's helpers": written("""
        !rm -f *.py *.txt
        ---
        %%writefile helpers.py
        import math
        def helper(n):
            return [math.floor(n)] * 2
        LIMIT = 3
        ---
        %run helpers
        ---
        a = helper(2.5)
        ---
        b = helper(LIMIT)
        ---
        print(a, b, math.pi > 3)
    """),
    "a module written by a cell": written("""
        !rm -f *.py *.txt
        ---
        %%writefile my_own_module.py
        K = 1
        def f(x):
            return [x + K]
        ---
        import sys
        sys.path.insert(0, '.')
        sys.modules.pop('my_own_module', None)
        import my_own_module
        ---
        a = my_own_module.f(1)
        ---
        my_own_module.K = 10
        ---
        b = my_own_module.f(1)
        ---
        from my_own_module import f
        c = f(2)
        ---
        print(a, b, c)
    """),
    "magics that nobody knows": written("""
        def work(k):
            return [k] * k
        from IPython.core.magic import register_line_magic, register_cell_magic
        @register_line_magic
        def setx(line):
            get_ipython().user_ns['x'] = line
        @register_cell_magic
        def twice(line, cell):
            get_ipython().run_cell(cell)
            get_ipython().run_cell(cell)
        x, n = 0, 0
        ---
        %setx hello
        ---
        a = [x] + work(2)
        ---
        %%twice
        n += 1
        ---
        b = [n] + work(1)
        ---
        print(a, b)
    """),
    "names that magics bind": written("""
        def work(k):
            return [k] * k
        ---
        %env NB_ROW=5
        ---
        here = %pwd
        files = %ls
        ---
        import os
        a = os.environ['NB_ROW'], here == os.getcwd()
        ---
        %set_env NB_ROW 6
        ---
        b = %env NB_ROW
        ---
        out = !echo $b
        ---
        print(a, b, out, work(1))
    """),
    "shell": written(
        """
        name, n = 'file', 2
        def work(k):
            return [k] * k
        ---
        !echo hello > {name}.txt
        ---
        lines = !cat file.txt
        ---
        a = work(2)
        ---
        name = 'other'
        ---
        !echo {name} $n {n + 1} > other.txt
        ---
        with open(f'{name}.txt') as f:
            text = f.read()
        ---
        count = !wc -l < $name.txt
        ---
        print(lines, a, text, [c.strip() for c in count])
    """,
        on_ray=True,
    ),
    "bash cells": written("""
        !rm -f *.py *.txt
        ---
        %%bash
        echo one > a.txt
        ---
        %%bash
        echo two >> a.txt
        ---
        text = open('a.txt').read()
        ---
        %%bash --out got --err wrong
        cat a.txt
        ---
        print(text, got)
        ---
        %%script bash
        echo three >> a.txt
        ---
        %%sh
        cat a.txt
    """),
    "writefile appends": written("""
        !rm -f *.py *.txt
        ---
        %%writefile notes.txt
        one
        ---
        a = open('notes.txt').read()
        ---
        %%writefile -a notes.txt
        two
        ---
        b = open('notes.txt').read()
        print(a, b)
    """),
    "automagic": written("""
        import os
        os.makedirs('sub', exist_ok=True)
        ---
        cd sub
        ---
        a = os.path.basename(os.getcwd())
        ---
        cd ..
        ---
        pwd
        ---
        b = os.path.basename(os.getcwd()) != 'sub'
        print(a, b)
    """),
    "magics of the notebook's own without %": written("""
        from IPython.core.magic import register_line_magic
        @register_line_magic
        def setx(line):
            get_ipython().user_ns['x'] = line
        del setx
        %alias say echo said
        %alias_magic t timeit
        x = 0
        def work(k):
            return [k] * k
        ---
        setx hello
        ---
        a = [x] + work(2)
        ---
        say
        ---
        say it -n
        ---
        setx
        ---
        x = 5
        b = [x] + work(1)
        ---
        def shout(line):
            print('shouted', line)
        get_ipython().register_magic_function(shout, 'line', 'loud')
        ---
        loud x
        ---
        say = 5
        ---
        say
        ---
        print(a, b, x)
    """),
    "magics of an extension without %": written("""
        text = "def load_ipython_extension(shell):\\n"
        text += "    shell.register_magic_function(lambda line: shell.push({'y': len(line)}), 'line', 'count')\\n"
        with open('nb_ext.py', 'w') as file:
            file.write(text)
        del file
        ---
        %load_ext nb_ext
        ---
        count abcd
        ---
        print(y)
    """),
    "magic with parentheses and names alike": written("""
        def work(k):
            return [k] * k
        ls = [1, 2]
        time = 5
        ---
        ls
        ---
        ls.append(time)
        ---
        a = [time] + work(2)
        ---
        print(ls, a)
    """),
    "load_ext, autoreload, config": written("""
        %reload_ext autoreload
        %autoreload 2
        %config InlineBackend.figure_format = 'svg'
        def work(k):
            return [k] * k
        ---
        a = work(2)
        ---
        b = work(3)
        ---
        print(a, b)
        %autoreload 0
    """),
    "autoreload of a module that changes": written(
        """
        %reload_ext autoreload
        %autoreload 2
        import os
        def write(k):
            with open('reloaded_module.py', 'w') as file:
                file.write(f'K = {k}\\ndef use(x):\\n    return x + {k}\\n')
            os.utime('reloaded_module.py', (k, k))
        write(1000)
        ---
        import reloaded_module
        from reloaded_module import use
        ---
        # split:
        a = [use(i) for i in range(5)]
        ---
        write(2000000000)
        ---
        # split:
        b = [use(i) + reloaded_module.K for i in range(5)]
        ---
        c = reloaded_module.use(1), use(1)
        print(a, b, c)
        ---
        %autoreload 0
        import sys
        del reloaded_module, use, sys.modules['reloaded_module']
    """,
        in_process=False,
        on_ray=True,
    ),
    "who and history": written("""
        def work(k):
            return [k] * k
        x = 1
        ---
        names = %who_ls
        ---
        a = work(2)
        ---
        del x
        ---
        more = %who_ls
        print(names, more)
    """),
    "reset of a name": written("""
        def work(k):
            return [k] * k
        xx, yy = 1, 2
        ---
        %reset_selective -f xx
        ---
        a = work(2), 'xx' in globals()
        ---
        %xdel yy
        ---
        print(a, 'yy' in globals())
    """),
    "get_ipython": written("""
        def work(k):
            return [k] * k
        ip = get_ipython()
        ---
        ip.run_line_magic('time', 'a = work(2)')
        ---
        ip.user_ns['b'] = [1]
        ---
        c = a + b + work(1)
        ---
        ip.push({'d': 4})
        ---
        _r = get_ipython().run_cell('e = [d]')
        ---
        print(a, b, c, d, e, ip.ev('c[0]'))
        del ip, _r
    """),
    "run_cell magic function under a name": written("""
        def work(k):
            return [k] * k
        ip = get_ipython()
        run = ip.ex
        ---
        run('a = [1]')
        ---
        b = a + work(2)
        ---
        run('a.append(2)')
        ---
        print(a, b)
        del ip, run
    """),
    "display objects": written(
        """
        from IPython.display import display, HTML, Markdown, update_display
        import IPython
        def work(k):
            return [k] * k
        h = display(HTML('<b>0</b>'), display_id='x')
        ---
        a = work(2)
        display(Markdown('*a*'), a)
        ---
        update_display(HTML('<b>1</b>'), display_id='x')
        ---
        b = work(1)
        IPython.display.display(b)
        ---
        h.update(HTML('<b>2</b>'))
        a
    """,
        in_process=False,
        on_ray=True,
    ),
    "repr with side effects": written("""
        class R:
            def __repr__(self):
                shown.append(1)
                return f'R{len(shown)}'
        shown = []
        r = R()
        def work(k):
            return [k] * k
        ---
        r
        ---
        a = work(2)
        ---
        print(r, f'{r!r}', [r])
        ---
        b = work(1)
        ---
        len(shown)
    """),
    "last expression with a semicolon": written("""
        def work(k):
            return [k] * k
        ---
        work(2);
        ---
        work(1)
        ---
        a = 5; a
    """),
    "macro": written("""
        def work(k):
            return [k] * k
        x = [1]
        ---
        %macro -q two 1
        ---
        a = work(2)
        print(a, x)
    """),
    "sql-like unknown cell magic is only its own problem": written("""
        def work(k):
            return [k] * k
        from IPython.core.magic import register_cell_magic
        @register_cell_magic
        def query(line, cell):
            get_ipython().user_ns[line.strip() or 'res'] = cell.upper()
        ---
        %%query rows
        select * from t
        ---
        a = rows.split() + work(1)
        ---
        b = work(2)
        print(a, b)
    """),
    "results before there is one": written("""
        print(repr(_), repr(__), repr(___))
        x = 1
        _
        ---
        for _ in range(3):
            pass
        print(_, repr(__))
        ---
        "a"
        ---
        print(_, __)
    """),
    "assigned values are shown": written(
        """
        %config InteractiveShell.ast_node_interactivity = 'last_expr_or_assign'
        total = 0
        ---
        # split:
        y = [k * 2 for k in range(9)]
        print(len(y))
        ---
        # split:
        z = [k * 2 for k in range(9)]
        ---
        # split:
        for k in range(9):
            total += k
        ---
        # split:
        for k in range(9):
            last = k
        ---
        %config InteractiveShell.ast_node_interactivity = 'last_expr'
    """,
        on_ray=True,
        in_process=False,
        splits=4,
    ),
    "split loops and tasks in a cell that awaits": written("""
        import asyncio
        def f(n):
            # split:
            r = [i * 2 for i in range(n)]
            return r
        # task
        def g(n):
            return n * 3
        await asyncio.sleep(0)
        print(f(6), [g(k) for k in range(3)])
    """),
    "asynchronous comprehensions": written(
        """
        import asyncio
        async def each(n):
            for i in range(n):
                await asyncio.sleep(0)
                yield i
        ---
        # split:
        r = [x * 2 async for x in each(9)]
        d = {x: [y async for y in each(x)] async for x in each(4)}
        print(r, d)
    """,
        splits=0,
    ),
    "what the module says of itself": written(
        """
        names = ("__doc__", "__package__", "__loader__", "__spec__")
        told = [str(globals().get(name, "unset")) for name in names]
        ---
        # split:
        found = []
        for i in range(4):
            found.append((i, __doc__ is None, __spec__ is None, __package__ is None))
        print(told, found)
        """,
        on_ray=True,
    ),
}
