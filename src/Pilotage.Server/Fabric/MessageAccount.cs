using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Counts what is in the store, device by device, so that a sender can hold it against its own book.</summary>
/// <remarks>
/// Read from the store, never from counters: a counter would repeat the mistake it is meant to find. The digest covers
/// every message once, in order of time, last arrival winning: time (int64, ns, big-endian), then for each property in
/// order of name its UTF-8, a zero byte and its value: a number, true and false as 1 and 0 by its double's 64 bits, big-endian,
/// a whole number by its own, text by its length in bytes as 64 bits and its UTF-8.
/// </remarks>
internal sealed class MessageAccount(TimeSeriesStore store)
{
    /// <summary>One device's account.</summary>
    /// <param name="Messages">Different device times.</param>
    /// <param name="Duplicates">Messages that came again with the same values.</param>
    /// <param name="Overwritten">Messages that came again with other values.</param>
    internal sealed record Line(string Device, string Path, long Messages, long Points, long Duplicates, long Overwritten, string Digest);

    public Line Of(Device device)
    {
        var properties = store.Series(device.Tenant, device.Id).Select(s => s.Property).Where(Telemetry.IsMeasured).Order(StringComparer.Ordinal).ToList();
        var rows = new SortedDictionary<long, SeriesValue?[]>();
        long overwritten = 0;
        foreach (var row in store.ReplayTyped(device.Tenant, [device.Id], properties, long.MinValue, long.MaxValue))
        {
            if (rows.TryGetValue(row.TimeNs, out var before) && !Merges(before, row.Values))
            {
                overwritten++;
            }

            rows[row.TimeNs] = before is null ? [.. row.Values] : Merge(before, row.Values);
        }

        var duplicates = properties.Count == 0 ? 0 : properties.Max(p => store.Statistics(new SeriesKey(device.Tenant, device.Id, p)).Repeated);
        var points = rows.Values.Sum(r => (long)r.Count(IsThere));
        return new Line(device.Id.Value, device.Path, rows.Count, points, duplicates, overwritten, DigestOf(rows, properties).ToString());
    }

    // Two messages of one time with different properties complete each other; with different values they do not.
    private static bool Merges(SeriesValue?[] before, SeriesValue?[] after) => !before.Zip(after).Any(p =>
        IsThere(p.First) && IsThere(p.Second) && p.First != p.Second);

    private static SeriesValue?[] Merge(SeriesValue?[] before, SeriesValue?[] after) =>
        [.. before.Zip(after).Select(p => IsThere(p.Second) ? p.Second : p.First)];

    // NaN says that there is nothing, and a device cannot send it.
    private static bool IsThere(SeriesValue? value) => value is { } there && !(there.Kind == SeriesKind.Number && double.IsNaN(there.Number));

    private static Digest DigestOf(SortedDictionary<long, SeriesValue?[]> rows, List<string> properties)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var names = properties.ConvertAll(p => Encoding.UTF8.GetBytes(p + '\0'));
        Span<byte> number = stackalloc byte[sizeof(long)];
        foreach (var (timeNs, values) in rows)
        {
            BinaryPrimitives.WriteInt64BigEndian(number, timeNs);
            hash.AppendData(number);
            for (var i = 0; i < values.Length; i++)
            {
                if (IsThere(values[i]))
                {
                    hash.AppendData(names[i]);
                    values[i]!.Value.AddTo(hash);
                }
            }
        }

        return Digest.FromHash(hash.GetHashAndReset());
    }
}
