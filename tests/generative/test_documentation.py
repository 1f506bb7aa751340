import inspect
import pathlib
import re

import pytest

pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion import _protocols
from sksim._torch.diffusion._networks import DENOISERS, ENCODER_NETWORKS, ENCODERS, SKIPS
from sksim.generative import DiffEnc, InfoDiffusion, VariationalDiffusion

GUIDE = pathlib.Path(__file__).parents[2] / "doc" / "user_guide" / "generative.rst"
MODELS = [VariationalDiffusion, DiffEnc, InfoDiffusion]


@pytest.mark.parametrize("Model", MODELS)
def test_formulas_are_whole(Model):
    assert Model.__doc__.count("{") == Model.__doc__.count("}")
    assert not re.search(r"\{(shared|attributes|notes)\}|ENCODED|REPRESENTATION", Model.__doc__)
    for part in Model.__doc__.split(r"\underbrace")[1:]:
        assert re.match(r"\{.*?\}_\{\\text\{[a-z]+\}\}", part, re.DOTALL)


@pytest.mark.parametrize("Model", MODELS)
def test_sections_are_in_order(Model):
    sections = re.findall(r"^([A-Z][\w ]+)\n---", inspect.getdoc(Model), re.MULTILINE)
    assert sections == ["Parameters", "Attributes", "See Also", "Notes", "References", "Examples"]


def documented(entry):
    """Names in the type of a parameter, and the text below it."""
    kind, text = re.search(
        rf"^{entry} : (.*)\n((?:    .*\n|\n)+)", inspect.getdoc(DiffEnc), re.MULTILINE
    ).groups()
    return set(re.findall(r'"(\w+)"', kind)), text


def test_networks_of_the_docstring_are_those_of_the_registry():
    assert documented("denoiser")[0] == {"auto", *DENOISERS}
    assert documented("encoder")[0] == set(ENCODERS)
    assert all(f'"{skip}"' in documented("denoiser_params")[1] for skip in SKIPS)
    networks = re.search(r"``network=(.*?)``", documented("encoder_params")[1]).group(1)
    assert set(re.findall(r'"(\w+)"', networks)) == set(ENCODER_NETWORKS)


@pytest.mark.parametrize(
    ("column", "known"), [("denoiser", DENOISERS), ("network", ENCODER_NETWORKS)]
)
def test_networks_of_the_guide_are_those_of_the_registry(column, known):
    table = re.search(rf"   \* - ``{column}``\n.*?\n\n", GUIDE.read_text(), re.DOTALL).group()
    rows = re.findall(r'\* - ``"(\w+)"``\n     - (\w+)\n     - (.*)', table)
    assert {name: samples for name, samples, _ in rows} == {
        name: one.samples for name, one in known.items()
    }
    for name, _, text in rows:
        arguments = list(inspect.signature(known[name].network).parameters)[1:]
        assert set(re.findall(r"``(\w+)``", text)) == set(arguments), name


def test_the_guide_shows_the_protocols_of_users():
    shown = re.findall(r":pyobject: (\w+)", GUIDE.read_text())
    assert shown == ["DenoiserNetwork", "FeatureDenoiser", "LayeredDenoiser", "EncoderNetwork"]
    assert all(inspect.getdoc(getattr(_protocols, name)) for name in shown)
