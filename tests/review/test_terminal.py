from review.terminal import say_skipped


def test_what_was_skipped_is_named_on_stderr_without_control_sequences(capsys):
    assert say_skipped(["item \x1b[31mx: broken; item skipped"], 3) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "\x1b" not in captured.err
    assert "x: broken; item skipped\n3 items done, 1 skipped" in captured.err


def test_nothing_skipped_says_nothing(capsys):
    assert say_skipped([], 3) == 0
    assert capsys.readouterr().err == ""
