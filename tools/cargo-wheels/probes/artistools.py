"""artistools: its library `rustext` reads files of a simulation, and bins columns on threads."""

import gzip
import math
import os
import pathlib
import tempfile

import polars
import rustext

print("polars is", polars.__file__)


def refused(exception, function, *arguments):
    try:
        function(*arguments)
    except exception as error:
        return error
    raise AssertionError(f"{function} accepted {arguments}")


def text(rank, timesteps):
    return "".join(
        f"timestep {step} modelgridindex {rank * 10 + cell} TR {5000 + cell} Te {step}.5\n"
        f"populations Z=26 I: {cell}.25 II: 2.5\n\n"
        for step in timesteps
        for cell in range(3)
    )


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    for rank in range(4):
        (folder / f"estimators_{rank:04d}.out").write_text(text(rank, [7, 8, 9]))
    first = folder / "estimators_0000.out"
    assert rustext.estimtimesteps(first) == rustext.estimtimesteps(str(first)) == [7, 8, 9]
    packed = folder / "packed.out.gz"
    packed.write_bytes(gzip.compress(text(0, [2, 1]).encode()))
    assert rustext.estimtimesteps(os.fsencode(packed).decode()) == [1, 2]
    assert "none" in str(refused(OSError, rustext.estimtimesteps, folder / "none"))
    refused(TypeError, rustext.estimtimesteps, 5)
    refused(TypeError, rustext.estimtimesteps)

    # Columns come back through the stand-in for polars.
    frame = rustext.estimparse(folder, 0, 3)
    assert isinstance(frame, polars.DataFrame)
    columns = frame.to_dict()
    assert sorted(set(columns["timestep"])) == [7, 8, 9] and len(columns["timestep"]) == 36
    assert sorted(set(columns["modelgridindex"])) == [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32]
    assert set(columns["TR"]) == {5000.0, 5001.0, 5002.0} and set(columns["Te"]) == {7.5, 8.5, 9.5}
    single = rustext.estimparse_allranks(first).to_dict()
    assert single["timestep"] == [7, 7, 7, 8, 8, 8, 9, 9, 9]

    # A callback gets the batches, and its exception comes back.
    batches = []
    rustext.estimparse_textbatches(folder, 0, 3, 1, batches.append)
    assert sum(len(batch.to_dict()["timestep"]) for batch in batches) == 36 and len(batches) > 1
    error = refused(
        ZeroDivisionError, rustext.estimparse_textbatches, folder, 0, 3, 1, lambda batch: 1 / 0
    )
    assert "division" in str(error)
    broken = folder / "broken.out"
    broken.write_text("timestep 1 modelgridindex 0 TR 1\npopulations Z=26 I 1.0\n\n")
    refused(Exception, rustext.estimparse_allranks, broken)

# Columns go in and come back; NaN and values outside the edges are in no bin.
values = [index / 10 for index in range(1000)] + [math.nan, -1.0, 1e9]
frame = polars.DataFrame(
    [
        polars.Series("x", values, b"g"),
        polars.Series("energy", [2.0] * len(values), b"g"),
    ]
)
indices = rustext.get_bin_indices(frame, "x", [0.0, 10.0, 50.0, 200.0]).to_dict()["binindex"]
assert [indices.count(number) for number in (0, 1, 2, -1)] == [100, 400, 500, 3]
sums = rustext.sum_weights_in_bins(
    frame, "x", "energy", [0.0, 10.0, 50.0, 200.0], sumsquares=True
).to_dict()
assert sums["sum"] == [200.0, 800.0, 1000.0] and sums["count"] == [100, 400, 500]
assert sums["sumsquares"] == [400.0, 1600.0, 2000.0]
assert polars.arrays_in_use() == 0
refused(AttributeError, rustext.get_bin_indices, 5, "x", [0.0, 1.0])
refused(Exception, rustext.get_bin_indices, frame, "no such column", [0.0, 1.0])
