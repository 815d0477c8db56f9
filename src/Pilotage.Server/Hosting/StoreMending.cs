using Pilotage.Core.Durability;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Hosting;

/// <summary>The series in a data folder that no server uses, read to the last point.</summary>
/// <param name="Series">Series that hold a point.</param>
/// <param name="Points">Points that can be read, and are not deleted.</param>
/// <param name="Hidden">Points that were deleted and still take their space.</param>
/// <param name="Noticed">Everything that was durable and cannot be read, records of the log and whole segments included.</param>
/// <param name="Damages">What cannot be read, in sentences.</param>
/// <param name="Aside">Names of damaged files that were put aside when they were mended.</param>
public sealed record MendingReport(long Series, long Points, long Hidden, long Noticed, IReadOnlyList<string> Damages, IReadOnlyList<string> Aside);

/// <summary>Looks at the series of a data folder without a server, and mends what a disk has damaged.</summary>
public static class StoreMending
{
    /// <summary>Reads everything; with <paramref name="isToMend"/> what cannot be read is taken out, and told.</summary>
    public static async Task<Outcome<MendingReport>> RunAsync(string path, bool isToMend, CancellationToken cancellation)
    {
        var place = Path.GetFullPath(path);
        if (!Directory.Exists(Path.Combine(place, DataFolder.SeriesFolder)))
        {
            return new Refusal("server.data.not_found", $"{place} is no data folder of a server: it has no folder {DataFolder.SeriesFolder}.");
        }

        if (!DataFolder.Open(place).TryGet(out var folder, out var refusal))
        {
            return refusal;
        }

        using (folder)
        {
            try
            {
                // Nothing is merged meanwhile: it is only looked at, or mended.
                await using var store = TimeSeriesStore.Open(folder.Series, new TimeSeriesOptions { HasRoomFor = static _ => false }, TimeProvider.System);
                if (!isToMend)
                {
                    return Report(store.Check(cancellation), []);
                }

                var mended = await store.RepairAsync(cancellation);
                return Report(mended.Found, mended.Aside);
            }
            catch (StorageException failure)
            {
                return new Refusal(failure.Fault == StorageFault.Full ? "server.storage_full" : "server.storage.failed", $"{failure.Message} What was mended by then stays mended; start again when that is put right.");
            }
        }
    }

    /// <summary>What is damaged, for people.</summary>
    public static string Sentence(StoreDamage damage) => FormattableString.Invariant(
        $"{damage.Messages} messages of {damage.Device} in {damage.Tenant} between {Clock.FromNs(damage.FirstNs):O} and {Clock.FromNs(damage.LastNs):O} ({string.Join(", ", damage.Properties)}) in {damage.File}");

    private static MendingReport Report(StoreCheck check, IReadOnlyList<string> aside) => new(check.Series, check.Points, check.Hidden, check.Noticed, [.. check.Damages.Select(Sentence)], aside);
}
