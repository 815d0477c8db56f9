using System.Text;
using Pilotage.Core;
using Pilotage.Server.Models.Datasets;
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
        var changes = DatasetRowChanges.Of(manifest, before, manifest, after);
        Assert.Equal(("acme/a/b", "load"), (Assert.Single(changes.Units), Assert.Single(changes.Columns)));
        var column = new DatasetColumn("load", DatasetColumns.Property, null, "", Values: 1, Missing: 0);
        var diff = DatasetDiff.Of(Dataset(1, manifest), Dataset(2, manifest with { Rows = "sha256:other" }), [column], [column], changes);
        Assert.Equal(new ColumnChange("load", "values", "1", "1, others"), Assert.Single(diff.ColumnsChanged));
        Assert.Empty(diff.CutChanged);
    }

    [Fact]
    public void Two_digests_are_never_without_a_change()
    {
        var before = Manifest("dev_1", []);
        var diff = DatasetDiff.Of(Dataset(1, before), Dataset(2, before with { Rows = "sha256:other" }), [], [], DatasetRowChanges.None);
        Assert.Equal(new CutChange("rows", "sha256:r", "sha256:other"), Assert.Single(diff.CutChanged));
        Assert.False(diff.Same);
    }

    private static Dataset Dataset(int version, DatasetManifest manifest) => new("d", version, Digest.Of(manifest.ToBytes()), manifest, 0);

    private static DatasetManifest Manifest(string device, IReadOnlyList<VerdictLabel> verdicts) => new(
        DatasetManifest.CurrentFormat, "d", "sha256:p", "pump", ["load"], "sha256:r", 1, [new DatasetUnit(device, "acme/a/b", 1, 0, 0, null, false)], [], null, verdicts);
}
