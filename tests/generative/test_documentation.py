import re

import pytest

from sksim.generative import DiffEnc, VariationalDiffusion


@pytest.mark.parametrize("Model", [VariationalDiffusion, DiffEnc])
def test_formulas_are_whole(Model):
    assert Model.__doc__.count("{") == Model.__doc__.count("}")
    assert not re.search(r"\{(shared|attributes|notes)\}|ENCODED|REPRESENTATION", Model.__doc__)
    for part in Model.__doc__.split(r"\underbrace")[1:]:
        assert re.match(r"\{.*?\}_\{\\text\{[a-z]+\}\}", part, re.DOTALL)
