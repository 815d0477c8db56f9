using System.Text;
using Pilotage.Core;
using Pilotage.Server.Models.Datasets;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Server.Models;

public sealed class DatasetTests
{
    [Fact]
    public void Rows_come_back_bit_for_bit()
    {
        var rows = new DatasetRows(3);
        rows.Add(0, 1, [1.5, double.NaN, -0.0]);
        rows.Add(7, long.MaxValue, [double.PositiveInfinity, double.Epsilon, 3]);

        var read = DatasetRows.Read(rows.ToBytes()).Value;

        Assert.Equal(2, read.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            Assert.Equal(rows.Unit(i), read.Unit(i));
            Assert.Equal(rows.TimeNs(i), read.TimeNs(i));
            Assert.Equal(
                rows.Values(i).ToArray().Select(BitConverter.DoubleToInt64Bits), read.Values(i).ToArray().Select(BitConverter.DoubleToInt64Bits));
        }
    }

    [Fact]
    public void Refuses_row_files_that_were_cut_or_lie_about_their_size()
    {
        var rows = new DatasetRows(2);
        rows.Add(0, 1, [1, 2]);
        var bytes = rows.ToBytes();

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal("dataset.malformed", DatasetRows.Read(bytes.AsSpan(0, length)).Refusal.Code);
        }

        bytes[8] = 200;
        Assert.Equal("dataset.malformed", DatasetRows.Read(bytes).Refusal.Code);
    }

    [Fact]
    public void The_digest_depends_on_every_part_of_the_manifest_and_on_nothing_else()
    {
        var manifest = Manifest("dev_1", []);

        Assert.Equal(Digest.Of(manifest.ToBytes()), Digest.Of(Manifest("dev_1", []).ToBytes()));
        Assert.NotEqual(Digest.Of(manifest.ToBytes()), Digest.Of((manifest with { LastHoursBeforeStop = 20 }).ToBytes()));
        Assert.NotEqual(Digest.Of(manifest.ToBytes()), Digest.Of((manifest with { HeldOut = ["a/b/c"] }).ToBytes()));
        Assert.NotEqual(Digest.Of(manifest.ToBytes()), Digest.Of(Manifest("dev_2", []).ToBytes()));
    }

    [Fact]
    public void A_manifest_of_an_earlier_version_keeps_its_bytes_and_so_its_digest()
    {
        const string Earlier =
            """{"format":"pilotage.dataset/1","heldOut":[],"name":"d","package":"sha256:p","properties":["load"],"rowCount":1,"rows":"sha256:r","thing":"pump","units":"""
            + """[{"device":"dev_1","firstNs":0,"lastNs":0,"path":"acme/a/b","planned":false,"rows":1}],"verdicts":[]}""";
        Assert.Equal(Earlier, Encoding.UTF8.GetString(Manifest("dev_1", []).ToBytes()));
        Assert.Equal(Earlier, Encoding.UTF8.GetString(DatasetManifest.Read(Encoding.UTF8.GetBytes(Earlier)).ToBytes()));
        Assert.NotEqual(Digest.Of(Encoding.UTF8.GetBytes(Earlier)), Digest.Of((Manifest("dev_1", []) with { AsOfNs = 5 }).ToBytes()));
    }

    [Fact]
    public void A_verdict_shows_in_the_diff_as_a_label_and_a_changed_answer_as_a_change()
    {
        var right = new VerdictLabel("a-1", "dev_1", 5, "right", "bearing", "p");
        var before = Dataset(1, Manifest("dev_1", []));
        var after = Dataset(2, Manifest("dev_1", [right]));
        var corrected = Dataset(3, Manifest("dev_1", [right with { Answer = "wrong" }]));

        Assert.Equal([right], DatasetDiff.Of(before, after, [], [], DatasetRowChanges.None).LabelsAdded);
        Assert.Equal([right with { Answer = "wrong" }], DatasetDiff.Of(after, corrected, [], [], DatasetRowChanges.None).LabelsChanged);
        Assert.Equal([right], DatasetDiff.Of(after, before, [], [], DatasetRowChanges.None).LabelsRemoved);
        Assert.True(DatasetDiff.Of(after, after, [], [], DatasetRowChanges.None).Same);
    }

    [Fact]
    public void Another_value_at_the_same_row_names_its_device_and_column_alone()
    {
        var manifest = Manifest("dev_1", []) with { Properties = ["load", "temp"] };
        var (before, after) = (new DatasetRows(2), new DatasetRows(2));
        before.Add(0, 1, [1, double.NaN]);
        after.Add(0, 1, [2, double.NaN]);
        var changes = DatasetRowChanges.Of(manifest, FileOf(before), manifest, FileOf(after));
        Assert.Equal(("acme/a/b", "load"), (Assert.Single(changes.Units), Assert.Single(changes.Columns)));
        var column = new DatasetColumn("load", DatasetColumns.Property, null, "", Values: 1, Missing: 0);
        var diff = DatasetDiff.Of(Dataset(1, manifest), Dataset(2, manifest with { Rows = "sha256:other" }), [column], [column], changes);
        Assert.Equal(new ColumnChange("load", "values", "1", "1, others"), Assert.Single(diff.ColumnsChanged));
        Assert.Empty(diff.CutChanged);
    }

    /// <summary>Side by side, with next to nothing held back, the files tell what they tell as wholes, whatever the order of devices in them.</summary>
    [Fact]
    public void Files_that_are_read_side_by_side_tell_what_wholes_do()
    {
        foreach (var seed in TestSize.Cases(300, 10_000))
        {
            var random = new Random(seed);
            var (before, rowsBefore) = RandomRows(random, 0);
            var (after, rowsAfter) = RandomRows(random, 0.5);
            var (units, columns) = Plain(before, rowsBefore, after, rowsAfter);
            var changes = DatasetRowChanges.Of(before, FileOf(rowsBefore), after, FileOf(rowsAfter), heldValuesMax: random.Next(1, 30));
            Assert.True(units.SetEquals(changes.Units) && columns.SetEquals(changes.Columns), $"seed {seed}: {string.Join(',', changes.Units)} {string.Join(',', changes.Columns)}, not {string.Join(',', units)} {string.Join(',', columns)}");
        }
    }

    [Fact]
    public void What_is_compared_takes_as_much_memory_however_long_the_files_are()
    {
        var manifest = Manifest("dev_1", []) with { Properties = ["a", "b", "c", "d"], Units = [.. Enumerable.Range(0, 10).Select(i => new DatasetUnit($"d{i}", $"acme/{i}", 0, 0, 0, null, false))] };
        var rows = new DatasetRows(4);
        for (var i = 0; i < 200_000; i++)
        {
            rows.Add(i % 10, i, [i, -i, i * 2, 0]);
        }

        var (before, after) = (FileOf(rows), FileOf(rows));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var changes = DatasetRowChanges.Of(manifest, before, manifest, after);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.Empty(changes.Units);

        // Each file has nearly nine megabytes.
        Assert.InRange(allocated, 0, 300_000);
    }

    [Fact]
    public void Two_digests_are_never_without_a_change()
    {
        var before = Manifest("dev_1", []);
        var diff = DatasetDiff.Of(Dataset(1, before), Dataset(2, before with { Rows = "sha256:other" }), [], [], DatasetRowChanges.None);
        Assert.Equal(new CutChange("rows", "sha256:r", "sha256:other"), Assert.Single(diff.CutChanged));
        Assert.False(diff.Same);
    }

    private static DatasetRowFile FileOf(DatasetRows rows) => DatasetRowFile.Open(new MemoryStream(rows.ToBytes())).Value;

    /// <summary>Rows of some devices in any order; of another version most of them are the same.</summary>
    private static (DatasetManifest Manifest, DatasetRows Rows) RandomRows(Random random, double change)
    {
        string[] names = [.. new[] { "a", "b", "c" }.Where(_ => random.Next(4) > 0).DefaultIfEmpty("a")];
        random.Shuffle(names);
        var paths = Enumerable.Range(0, 4).Where(_ => random.Next(5) > 0).Select(i => $"acme/{i}").ToArray();
        random.Shuffle(paths);
        var manifest = Manifest("dev_1", []) with { Properties = names, Units = [.. paths.Select(path => new DatasetUnit(path, path, 0, 0, 0, null, false))] };
        var all = new List<(int Unit, long TimeNs, double[] Values)>();
        foreach (var (path, unit) in paths.Select((path, unit) => (path, unit)))
        {
            for (var row = random.Next(3) == 0 ? random.Next(2) : 0; row < random.Next(10, 14); row++)
            {
                all.Add((unit, row, Array.ConvertAll(names, name => name[0] + row + (random.Next(60) == 0 ? change : 0))));
            }
        }

        // Of one device the order stays, of several it is any.
        var ordered = random.Next(2) == 0 ? all : [.. all.Select((row, at) => (row, at)).OrderBy(one => (one.row.TimeNs * 3) + random.Next(3)).Select(one => one.row)];
        var rows = new DatasetRows(names.Length);
        ordered.ForEach(row => rows.Add(row.Unit, row.TimeNs, row.Values));
        return (manifest, rows);
    }

    /// <summary>What differs, by lists of each device.</summary>
    private static (HashSet<string> Units, HashSet<string> Columns) Plain(DatasetManifest before, DatasetRows rowsBefore, DatasetManifest after, DatasetRows rowsAfter)
    {
        List<int> Of(DatasetManifest manifest, DatasetRows rows, string path) => [.. Enumerable.Range(0, rows.Count).Where(row => manifest.Units[rows.Unit(row)].Path == path)];
        var (units, columns) = (new HashSet<string>(), new HashSet<string>());
        foreach (var path in before.Units.Select(unit => unit.Path).Intersect(after.Units.Select(unit => unit.Path)))
        {
            var (old, now) = (Of(before, rowsBefore, path), Of(after, rowsAfter, path));
            var pairs = old.Zip(now).TakeWhile(pair => rowsBefore.TimeNs(pair.First) == rowsAfter.TimeNs(pair.Second)).ToList();
            var others = before.Properties.Intersect(after.Properties).Where(name => pairs.Exists(pair =>
                !rowsBefore.Values(pair.First).Span[before.Properties.ToList().IndexOf(name)].Equals(rowsAfter.Values(pair.Second).Span[after.Properties.ToList().IndexOf(name)]))).ToList();
            columns.UnionWith(others);
            if (old.Count != now.Count || pairs.Count < old.Count || others.Count > 0)
            {
                units.Add(path);
            }
        }

        return (units, columns);
    }

    private static Dataset Dataset(int version, DatasetManifest manifest) => new("d", version, Digest.Of(manifest.ToBytes()), manifest, 0);

    private static DatasetManifest Manifest(string device, IReadOnlyList<VerdictLabel> verdicts) => new(
        DatasetManifest.CurrentFormat, "d", "sha256:p", "pump", ["load"], "sha256:r", 1, [new DatasetUnit(device, "acme/a/b", 1, 0, 0, null, false)], [], null, verdicts);
}
