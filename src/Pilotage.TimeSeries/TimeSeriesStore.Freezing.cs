using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>Copies of the store while it is written to, and a look at all of it.</content>
public sealed partial class TimeSeriesStore
{
    /// <summary>The files of the store as they stand, held open. Copied into a folder, they open with all that was acknowledged before, and nobody waits meanwhile.</summary>
    /// <param name="folder">What their names begin with.</param>
    public IReadOnlyList<FrozenFile> Freeze(string folder)
    {
        // Nothing is sealed or merged between the log, the manifest and the segments that it names; appends go on.
        lock (_manifestGate)
        {
            string[] names = [Manifest.FileName, .. _manifest.Segments.Select(SegmentFile.NameOf)];

            // One that is missing is missing in the copy too, and is told there as it is here.
            return
            [
                .. CommitLog.Freeze(_directory, LogName, folder),
                .. names.Select(name => FrozenFile.Of(_directory, name, $"{folder}/{name}")).OfType<FrozenFile>(),
            ];
        }
    }

    /// <summary>Reads every block of every segment, as a query for everything would, and says what is there and what cannot be read.</summary>
    public StoreCheck Check(CancellationToken cancellation)
    {
        (BlockRef Block, IReadOnlyList<Tombstone> Tombstones)[] blocks;
        List<(RowSpan Rows, IReadOnlyList<Tombstone> Tombstones)> heads;
        long series;
        lock (_gate)
        {
            blocks = [.. _shapes.Devices.SelectMany(device => device.Blocks.Select(block => (block, device.Tombstones)))];
            series = _shapes.Devices.Sum(device => device.Series.LongCount(one => one.HasLast));
            heads = [.. _active.Tables.Concat(_sealing?.Tables ?? []).Where(table => table.Count > 0).Select(table => (table.Snapshot(), _shapes.Find(table.Shape.Tenant, table.Shape.Device)!.Tombstones))];
        }

        var (points, hidden) = (0L, 0L);
        void Count(RowSpan rows, IEnumerable<Tombstone> touching)
        {
            var (there, gone) = rows.Counted([.. touching]);
            (points, hidden) = (points + there, hidden + gone);
        }

        heads.ForEach(head => Count(head.Rows, head.Tombstones.Where(tombstone => tombstone.Touches(head.Rows))));
        var damages = new List<StoreDamage>();
        foreach (var (block, tombstones) in blocks)
        {
            cancellation.ThrowIfCancellationRequested();
            if (block.Segment.Load(block, null, BlockParts.All) is { } rows)
            {
                Count(rows, tombstones.Where(tombstone => tombstone.Touches(block)));
            }
            else
            {
                damages.Add(new StoreDamage(block.Segment.FileName, block.Shape.Tenant, block.Shape.Device, block.Shape.Properties, block.FirstNs, block.LastNs, block.Rows));
            }
        }

        return new StoreCheck(series, points, hidden, damages, Damaged);
    }
}
