# ruff: noqa: E501  (one row per surprise)
"""Containers that a class holds: who changes them changes the class, and who sets an attribute of an instance doesn't."""

from __future__ import annotations

import pytest
from foreseen_changes import changed_names

MODEL = (
    "class Model:\n    names, scale = ['a'], 2\n    table = {'k': []}\n"
    "    def __init__(self, x):\n        self.x, self.own = x, []\n"
    "    def label(self):\n        return self.names[0] + str(self.x)\n"
    "    def scaled(self):\n        return self.x * type(self).scale + self.__class__.scale\n"
    "    def again(self):\n        return self.__class__(self.x), type(self)(self.x)\n"
    "    def called(self):\n        return f'{type(self).__name__}: {self.__class__.__qualname__}'\n"
    "    def keep(self, v):\n        self.own.append(v)\n"
    "    def name(self, v):\n        self.names.append(v)\n"
    "    def name_by_type(self, v):\n        type(self).names.append(v)\n"
    "    def name_by_class(self, v):\n        self.__class__.names.append(v)\n"
    "    def into_table(self, v):\n        self.table['k'].append(v)\n"
    "    def replace(self, v):\n        self.names = [v]\n"
    "    @classmethod\n    def name_it(cls, v):\n        cls.names.append(v)\n"
    "    @staticmethod\n    def name_all(v):\n        Model.names.append(v)\n"
)
MODEL = MODEL.replace("    names, scale = ['a'], 2\n", "    names = ['a']\n    scale = 2\n")
MADE = "m, n = Model(1), Model(2)"

OWN = {
    "an attribute": ("m.x = 3", "m"),
    "a list of its own": ("m.keep(3)", "m"),
    "one that hides the class's": ("m.replace(3)", "m"),
    "a new one": ("Model(4)", ""),
    "new ones by its class": ("m.again()[0].x = 3", ""),
    "a look at the class's": ("print(m.label(), m.scaled(), m.called(), m.names[0])", ""),
    "a look at its class": ("print(type(m).scale, m.__class__.names[0], type(m).__name__)", ""),
}


@pytest.mark.parametrize(("change", "changed"), OWN.values(), ids=OWN)
def test_an_instance_is_another_object_than_its_class(change, changed):
    assert changed_names(MODEL, MADE, change) == {*changed.split()}


ALL = {
    "by a method": "m.name(3)",
    "by a method that asks for the type": "m.name_by_type(3)",
    "by a method that asks for the class": "m.name_by_class(3)",
    "deeper": "m.into_table(3)",
    "by a class method": "Model.name_it(3)",
    "by a class method of an instance": "m.name_it(3)",
    "by a static method": "Model.name_all(3)",
    "from outside": "m.names.append(3)",
    "of the class": "Model.names.append(3)",
    "of the type": "type(m).names.append(3)",
    "of the class of an instance": "m.__class__.names.append(3)",
    "an item": "m.table['k'] = 3",
    "an item of the type's": "type(m).table['k'] = 3",
    "by a name": "names = m.names\nnames.append(3)",
    "by a name for the type's": "names = type(m).names\nnames.append(3)",
    "by an instance of unknown kind": "for each in [m, n]:\n    each.names.append(3)",
    "by the type of one of unknown kind": "for each in [m, n]:\n    type(each).names.append(3)",
    "by getattr": "getattr(m, 'names').append(3)",
    "by vars": "vars(Model)['names'].append(3)",
    "by vars of the type": "vars(type(m))['names'].append(3)",
    "by a function": "def add(cls):\n    cls.names.append(3)\nadd(Model)",
    "by a function that is given the type": "def add(cls):\n    cls.names.append(3)\nadd(type(m))",
    "by a name for the class": "Other = Model\nOther.names.append(3)",
    "by a loop over classes": "for cls in (Model,):\n    cls.names.append(3)",
    "by a name for the type": "cls = type(m)\ncls.names.append(3)",
    "after a look": "print(type(m).scale)\nm.names.append(3)",
    "by a loop over them": "for row in m.table.values():\n    row.append(3)",
    "a scale": "Model.scale = 3",
    "by setattr": "setattr(Model, 'scale', 3)",
}


@pytest.mark.parametrize("change", ALL.values(), ids=ALL)
def test_a_change_of_what_the_class_holds_is_one_of_class_and_instances(change):
    assert {"Model", "m", "n"} <= changed_names(MODEL, MADE, change)


@pytest.mark.parametrize("change", ["base.names.append(3)", "made.names.append(3)"])
def test_classes_that_are_derived_hold_them_too(change):
    derived = "class Derived(Model):\n    pass\nbase, made = Model(1), Derived(2)"
    assert {"Model", "Derived", "base", "made"} <= changed_names(MODEL, derived, change)


#: Classes that may be changed with an instance, or the other way round.
ONE = {
    "a list of the notebook's": ("xs = []\nclass S:\n    kept = xs\n    def __init__(self):\n        self.x = 1", "s.kept.append(1)", "xs"),
    "a list that was set later": ("xs = []\nclass S:\n    kept = []\nS.kept = xs", "s.kept.append(1)", "xs S"),
    "a list that a method sets": ("xs = []\nclass S:\n    kept = []\n    @classmethod\n    def set(cls, v):\n        cls.kept = v\nS.set(xs)", "s.kept.append(1)", "xs S"),
    "in a container": ("xs = []\nclass S:\n    kept = {'k': xs}", "s.kept['k'].append(1)", "xs S"),
    "beside a list": ("xs = []\nclass S:\n    kept, other = [], xs", "s.other.append(1)", "xs"),
    "a container's name for a class of one's own": ("xs = []\nclass Counter:\n    def __set__(self, s, v):\n        xs.append(v)\nclass S:\n    kept = Counter()", "s.kept = 1", "S"),
    "a deep copy": ("import copy\nclass S:\n    kept = []\nq = S()", "copy.deepcopy(q).kept.append(1)", "S q"),
    "one that was pickled": ("import pickle\nclass S:\n    kept = []\nq = S()", "pickle.load(open('q.pkl', 'rb')).kept.append(1)", "S q"),
    "a nested class": ("class S:\n    kept = []\n    class Inner:\n        pass", "s.kept.append(1)", "S"),
    "a class with a base": ("class R:\n    kept = []\nclass S(R):\n    pass", "s.kept.append(1)", "R S"),
}  # fmt: skip


@pytest.mark.parametrize(("definition", "change", "changed"), ONE.values(), ids=ONE)
def test_what_a_class_shares_with_others_changes_with_them(definition, change, changed):
    assert {*changed.split()} <= changed_names(definition, "s = S()", change)
