# ruff: noqa: E501  (one row per surprise)
"""Matplotlib and seaborn: what is drawn on over several cells, and how it is drawn."""

from __future__ import annotations

from notebook_row import row, sampled, split

_PLOT = "import numpy as np, matplotlib.pyplot as plt\nx = np.linspace(0, 1, 5)"
#: Makes a cell worth another worker.
_COSTLY = "costly = sum(i * i for i in range(3))"

ROWS = sampled(
    {
        "an axis over several cells": row(
            _PLOT,
            "fig, ax = plt.subplots()\nplt.close(fig)",
            "ax.plot(x, x ** 2, label='square')",
            "a = x.sum()\n" + _COSTLY,
            "ax.set(xlabel='x', ylabel='y')\nax.legend()",
            "print(ax.get_xlabel(), len(ax.lines), [t.get_text() for t in ax.get_legend().get_texts()], a)",
        ),
        "the style and the parameters": row(
            _PLOT,
            "a = plt.rcParams['lines.linewidth']\n" + _COSTLY,
            "plt.rcParams['lines.linewidth'] = 7\nplt.rc('font', size=9)",
            "b = plt.rcParams['lines.linewidth'], plt.rcParams['font.size']\n" + _COSTLY,
            "with plt.style.context('ggplot'):\n    c = plt.rcParams['axes.facecolor']",
            "plt.style.use('classic')",
            "d = plt.rcParams['lines.linewidth']\n" + _COSTLY,
            "plt.rcdefaults()",
            "print(a, b, c, d, plt.rcParams['font.size'])",
            in_process=False,  # settings of a later cell are seen where all cells share a process
        ),
        "seaborn's theme": row(
            _PLOT + "\nimport seaborn as sns, pandas as pd",
            "sns.set_theme(style='whitegrid', font_scale=2)",
            "a = plt.rcParams['axes.grid'], plt.rcParams['font.size']\n" + _COSTLY,
            "with sns.axes_style('dark'):\n    b = plt.rcParams['axes.facecolor']",
            "colours = sns.color_palette('deep', 2)\n" + _COSTLY,
            "df = pd.DataFrame({'v': [1, 2, 3], 'k': list('aba')})\nax = sns.barplot(data=df, x='k', y='v', errorbar=None)\nplt.close('all')",
            "ax.set_title('title')",
            "print(a, b, len(colours), ax.get_title(), [p.get_height() for p in ax.patches])\nsns.reset_orig()",
        ),
        "seaborn draws its intervals": row(
            _PLOT + "\nimport seaborn as sns\nnp.random.seed(0)",
            "ax = sns.lineplot(x=[1, 1, 2, 2], y=[1, 2, 3, 5], n_boot=3)\nplt.close('all')",
            "a = np.random.rand()\n" + _COSTLY,
            "print(a)\ndel ax",
        ),
        "drawing changes no data": row(
            _PLOT + "\nimport pandas as pd\ndf = pd.DataFrame({'v': x})",
            "ax = df.plot()\nplt.close('all')",
            "a = df.v.mean()\n" + _COSTLY,
            "df.hist()\nplt.close('all')",
            "ax.lines[0].set_ydata(x + 1)",
            "print(a, df.v.mean(), ax.lines[0].get_ydata())",
        ),
        "colour maps": row(
            _PLOT,
            "cmap = plt.get_cmap('viridis')\na = cmap(0.5)\n" + _COSTLY,
            "b = plt.cm.gray(x)[0].tolist()\n" + _COSTLY,
            "print(a, b)",
        ),
        "a loop in a function that is called while a figure is drawn": row(
            "%matplotlib inline\nimport matplotlib.pyplot as plt",
            "def steps(n):\n    out = []\n    # split: steps\n    # batches: 2\n    for i in range(n):\n        out.append(i * i)\n    return out",
            "fig, ax = plt.subplots()\nax.plot(steps(4))\nprint(plt.get_fignums())\nplt.close(fig)",
        ),
        "a loop that draws": row(
            _PLOT + "\nfig, axes = plt.subplots(1, 3)\nplt.close(fig)",
            split("for ax, c in zip(axes, 'abc'):\n    ax.set_title(c)\n    ax.plot(x)"),
            "print([ax.get_title() for ax in axes])",
        ),
        "figures that are saved one by one": row(
            _PLOT
            + "\ndef draw(n):\n    plt.plot(x, x * n)\n    plt.savefig(f'{n}.svg', metadata={'Date': None})\n    plt.close()\n    return n",
            split(
                "for n in range(7):\n    fig, ax = plt.subplots(figsize=(1, 1))\n    ax.plot(x, x * n)\n    fig.savefig(f'a{n}.png')\n    plt.close(fig)"
            ),
            "print(fig.number, ax.lines[0].get_ydata(), plt.get_fignums())\ndel fig, ax",
            split("names = [draw(n) for n in range(6)]"),
            split("for n in range(6):\n    names.append(draw(n + 10))"),
            "print(names)",
            splits=3,
        ),
        "figures that are shown one by one": row(
            _PLOT,
            split(
                "for n in range(7):\n    plt.figure(figsize=(1, 1))\n    plt.plot(x, x * n)\n    print(plt.gcf().number)\n    plt.show()"
            ),
            "plt.plot(x)",
            splits=1,
        ),
        "a figure for several iterations": row(
            _PLOT,
            split(
                "for n in range(8):\n    plt.plot(x, x * n)\n    if n % 3 == 2:\n        plt.show()\n    print(n, len(plt.gca().lines))"
            ),
            split(
                "fig0 = plt.figure()\nfor n in range(6):\n    fig, ax = plt.subplots(figsize=(1, 1))\n    print(fig.number)\n    plt.close(fig)"
            ),
            "print(len(plt.get_fignums()))\ndel fig0, fig, ax",
            splits=0,
        ),
        "figures that are kept, or that an iteration fails at": row(
            _PLOT,
            split(
                "figs = []\nfor n in range(6):\n    figs.append(plt.figure(figsize=(1, 1)))\n    plt.plot(x, x * n)\n    plt.close()"
            ),
            "figs[2]",
            "del figs",
            split(
                "for n in range(6):\n    plt.plot(x, x * n)\n    print(n, 1 / (n - 4))\n    plt.close()"
            ),
            splits=0,
        ),
        "pandas and seaborn draw, and the figures are closed": row(
            _PLOT
            + "\nimport pandas as pd, seaborn as sns\ndf = pd.DataFrame({'g': list('abcabc'), 'v': range(6), 'w': range(6)})",
            split(
                "for g, part in df.groupby('g'):\n    ax = part.plot(x='v', y='w', title=g)\n    ax.get_figure().savefig(f'{g}.png')\n    plt.close()\n    sns.scatterplot(data=part, x='v', y='w')\n    plt.savefig(f'{g}s.png')\n    plt.close('all')"
            ),
            "print(ax.get_title())\ndel ax",
            split("for n in [1]:\n    plt.plot(x, x * n)\n    plt.close()"),
            splits=1,
        ),
    },
    "an axis over several cells",
    "a loop that draws",
    "figures that are saved one by one",
    "figures that are shown one by one",
    "a figure for several iterations",
    "figures that are kept, or that an iteration fails at",
)
