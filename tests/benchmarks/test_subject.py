import json

from benchmarks import subject


def test_every_planted_person_is_found_with_what_was_derived(capsys):
    assert subject.main(["--items", "60", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["people_found"], told["good"]) == (50, True)
    assert len({subject.name_of(number) for number in range(subject.PEOPLE)}) == subject.PEOPLE
