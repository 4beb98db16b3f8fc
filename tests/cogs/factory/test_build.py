async def test_a_build_is_shown_in_its_own_thread_from_beginning_to_end(sim, deck, ben, factory):
    factory.go.clear()
    reply = await ben.slash("/factory build", task="a fizz function\nwith tests", iterations=3)
    thread = await ben.sees_thread("a fizz function")
    shown = await ben.sees("Iteration 2 of 3: looking for faults", thread)
    assert "▰▱▱" in shown.text
    assert "**1** · 0.70 · first draft" in shown.text
    assert "fizz(3) gave 4, not 3" in shown.text
    assert list(shown.buttons) == ["Cancel"]
    assert thread.mention in reply.text
    factory.go.set()
    await ben.sees("Its own example was run, and holds", thread)
    assert "$0.0125" in shown.text
    assert shown.file("fizz.py").data.decode() == "def fizz(n):\n    return n\n"
    assert set(shown.buttons) == {"Refine", "Build again"}
    assert factory.requests[0].policy.max_iterations == 3
    assert not sim.problems
