using Pilotage.Core.Durability;
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
        BlockRef[] blocks;
        long series;
        long inMemory;
        lock (_gate)
        {
            blocks = [.. _shapes.Devices.SelectMany(device => device.Blocks)];
            series = _shapes.Devices.Sum(device => device.Series.LongCount(one => one.HasLast));
            inMemory = _active.Points + (_sealing?.Points ?? 0);
        }

        var points = inMemory;
        var damages = new List<StoreDamage>();
        foreach (var block in blocks)
        {
            cancellation.ThrowIfCancellationRequested();
            if (block.Segment.Load(block, null, BlockParts.All) is null)
            {
                damages.Add(new StoreDamage(block.Segment.FileName, block.Shape.Tenant, block.Shape.Device, block.Shape.Properties, block.FirstNs, block.LastNs, block.Rows));
            }
            else
            {
                points += (long)block.Rows * block.Shape.Properties.Length;
            }
        }

        return new StoreCheck(series, points, damages, Damaged);
    }
}
