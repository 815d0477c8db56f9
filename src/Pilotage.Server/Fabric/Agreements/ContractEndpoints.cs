using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Contracts and their violations over HTTP.</summary>
internal static class ContractEndpoints
{
    private const string Yaml = "application/yaml";
    private const int DocumentBytesMax = 512 * 1024;
    private const int PageDefault = 1_000;
    private const int PageMax = 10_000;

    /// <summary>A contract that is kept, and how many devices it binds.</summary>
    internal sealed record ContractRow(string Thing, string Digest, string WrittenBy, DateTimeOffset Written, int Properties, int Devices);

    internal sealed record ContractPage(IReadOnlyList<ContractRow> Items);

    /// <summary>A contract that was read and not kept.</summary>
    internal sealed record CheckedView(string Thing, int Properties, int Devices);

    /// <summary>One rule of one series that was broken since the start of the server, or is now.</summary>
    /// <param name="Violation">What becomes of it: count, quarantine, reject.</param>
    /// <param name="Last">When it was broken last, of a series that is too old its last point; null where it never had one.</param>
    /// <param name="Says">The last example.</param>
    internal sealed record ViolationRow(string Device, string Path, string Property, string Rule, long Count, DateTimeOffset? Last, string Violation, string Says);

    internal sealed record ViolationPage(IReadOnlyList<ViolationRow> Items, bool Truncated);

    public static IResult List(Principal who, IFleet fleet, ContractBook contracts) => TypedResults.Ok(new ContractPage(
        [.. contracts.All(who.Tenant).Select(stored => Row(stored, who, fleet, contracts))]));

    /// <summary>The document as it came, under its digest.</summary>
    public static IResult Document(string thing, Principal who, ContractBook contracts) => contracts.Stored(who.Tenant, thing).ToHttp(stored =>
        TypedResults.Bytes(stored.Document, Yaml, entityTag: new EntityTagHeaderValue($"\"{stored.Digest}\"")));

    public static async Task<IResult> PutAsync(
        string thing, HttpRequest request, Principal who, IFleet fleet, ContractBook contracts, IAudit audit, CancellationToken cancellation)
    {
        var body = await ReadAsync(request, cancellation);
        var put = body.Then(document => contracts.Put(who, thing, document, request.Headers.IfNoneMatch == "*"));
        audit.Record(who, "fabric.contract.write", thing, put.IsOk ? "done" : "refused", put.IsOk ? put.Value.Digest.ToString() : put.Refusal.Code);
        return put.ToHttp(stored => TypedResults.Ok(Row(stored, who, fleet, contracts)));
    }

    public static async Task<IResult> CheckAsync(HttpRequest request, Principal who, IFleet fleet, ContractBook contracts, CancellationToken cancellation)
    {
        var body = await ReadAsync(request, cancellation);
        return body.Then(document => contracts.Check(who.Tenant, null, document))
            .ToHttp(read => TypedResults.Ok(new CheckedView(read.Thing, read.Properties.Count, Devices(fleet, who, read.Thing))));
    }

    public static IResult Remove(string thing, Principal who, ContractBook contracts, IAudit audit)
    {
        var removed = contracts.Remove(who.Tenant, thing);
        audit.Record(who, "fabric.contract.write", thing, removed.IsOk ? "removed" : "refused");
        return removed.ToHttp(_ => TypedResults.NoContent());
    }

    public static IResult Broken(
        string? device, string? thing, int? limit, Principal who, IFleet fleet, ContractBook contracts, Violations violations, TimeSeriesStore store, TimeProvider time) =>
        QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
        {
            var devices = device is null
                ? (Outcome<IReadOnlyList<Device>>)(List<Device>)[.. fleet.List(who.Tenant, new DeviceQuery { Thing = thing })]
                : fleet.Resolve(who.Tenant, device).Then(found => (Outcome<IReadOnlyList<Device>>)(List<Device>)[found]);
            return devices.Then(found =>
            {
                var rows = found.SelectMany(one => violations.Of(who.Tenant, one.Id).Select(entry => Row(one, entry)).Concat(Stale(one, contracts, store, time))).Take(size + 1).ToList();
                return (Outcome<ViolationPage>)new ViolationPage([.. rows.Take(size)], rows.Count > size);
            });
        }).ToHttp();

    /// <summary>Series of a device whose last point is older than was agreed, or that have none.</summary>
    private static IEnumerable<ViolationRow> Stale(Device device, ContractBook contracts, TimeSeriesStore store, TimeProvider time)
    {
        var now = time.GetUtcNow();
        foreach (var rules in contracts.Find(device.Tenant, device.Thing)?.Properties ?? [])
        {
            if (rules.Fresh > TimeSpan.Zero)
            {
                var isThere = store.TryGetLastTyped(new SeriesKey(device.Tenant, device.Id, rules.Name), out var last);
                var age = now - Clock.FromNs(last.TimeNs);
                if (!isThere || age > rules.Fresh)
                {
                    var says = isThere ? $"{rules.Name} is {age:d\\.hh\\:mm\\:ss} old, at most {rules.Fresh:d\\.hh\\:mm\\:ss} is agreed" : $"{rules.Name} has no point yet";
                    yield return new ViolationRow(device.Id.Value, device.Path, rules.Name, "fresh", 1, isThere ? Clock.FromNs(last.TimeNs) : null, Word(OnViolation.Count), says);
                }
            }
        }
    }

    private static async Task<Outcome<ReadOnlyMemory<byte>>> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        var media = request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        if (media is not (null or Yaml or "text/yaml" or "application/json"))
        {
            return new Refusal("fabric.contract.media_type", $"The body is of a type that nobody reads here; send {Yaml} or application/json.");
        }

        using var read = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await request.Body.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            read.Write(buffer.AsSpan(0, count));
            if (read.Length > DocumentBytesMax)
            {
                return new Refusal("fabric.contract.too_large", $"The contract has more than {DocumentBytesMax} bytes, the most that is kept.");
            }
        }

        return (Outcome<ReadOnlyMemory<byte>>)(ReadOnlyMemory<byte>)read.ToArray();
    }

    private static ContractRow Row(StoredContract stored, Principal who, IFleet fleet, ContractBook contracts) => new(
        stored.Thing, stored.Digest.ToString(), stored.WrittenBy, Clock.FromNs(stored.WrittenNs), contracts.Find(who.Tenant, stored.Thing)?.Properties.Count ?? 0,
        Devices(fleet, who, stored.Thing));

    private static ViolationRow Row(Device device, Violations.Entry entry) => new(
        device.Id.Value, device.Path, entry.Property, entry.Rule, entry.Count, Clock.FromNs(entry.LastNs), Word(entry.Choice), entry.Last);

    private static string Word(OnViolation choice) => choice.ToString().ToLowerInvariant();

    private static int Devices(IFleet fleet, Principal who, string thing) => fleet.List(who.Tenant, new DeviceQuery { Thing = thing }).Count;
}
