"""Every answer of the page "How do I ...?" is short, and its code runs."""

import doctest
import pathlib

PAGE = pathlib.Path(__file__).parents[1] / "doc" / "how_do_i.rst"
N_QUESTIONS = 40


def _answers():
    """The text below each question, by its heading."""
    lines = PAGE.read_text(encoding="utf-8").split("\n")
    heads = [i for i, line in enumerate(lines[:-1]) if line and lines[i + 1] == "~" * len(line)]
    ends = [*heads[1:], len(lines)]
    return {lines[i]: "\n".join(lines[i + 2 : end]) for i, end in zip(heads, ends)}


def test_forty_questions_have_an_answer_in_words_and_code():
    answers = _answers()
    assert len(answers) >= N_QUESTIONS
    for question, answer in answers.items():
        assert question.startswith("... "), question
        assert question.endswith("?"), question
        statements = [
            example
            for example in doctest.DocTestParser().get_examples(answer)
            if not example.source.startswith(("import ", "from "))
        ]
        assert 1 <= len(statements) <= 3, question
        assert not answer.strip().startswith(">>>"), question


def test_the_code_of_all_answers_runs_and_prints_what_it_says():
    failed, tried = doctest.testfile(
        str(PAGE),
        module_relative=False,
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS,
    )
    assert tried > 2 * N_QUESTIONS
    assert failed == 0
