"""Of many threads that claim one capsule, exactly one wins."""

import threading

import _capsule

for _ in range(50):
    capsule = _capsule.new(42, "dltensor")
    won = []
    start = threading.Barrier(4)

    def consume():
        start.wait()
        try:
            won.append(_capsule.claim(capsule, "dltensor", "used_dltensor"))
        except _capsule.PyCapsuleError as error:
            assert "already consumed" in error.__notes__[0], error.__notes__

    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [42], won
    assert _capsule.get_name(capsule) == "used_dltensor"
