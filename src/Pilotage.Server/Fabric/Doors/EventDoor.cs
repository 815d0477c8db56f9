using System.Net;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>Events of a device over HTTP: CloudEvents 1.0 in binary, structured and batched mode; recorded all or none, and each once.</summary>
/// <remarks>CloudEvents, HTTP Protocol Binding 1.0.2.</remarks>
internal static class EventDoor
{
    /// <summary>Most events of a batch; more go into several.</summary>
    public const int EventsMax = 1_000;

    private const string StructuredMedia = "application/cloudevents+json";
    private const string BatchMedia = "application/cloudevents-batch+json";
    private const string HeaderPrefix = "ce-";

    /// <summary>What became of them: recorded now, or known by source and id already.</summary>
    internal sealed record RecordedView(string Device, int Recorded, int Known);

    public static async Task<IResult> PostAsync(
        string id,
        HttpRequest request,
        Principal who,
        IFleet fleet,
        EventStore events,
        DoorLimits limits,
        DiskRoom room,
        ServerOptions options,
        TimeProvider time,
        CancellationToken cancellation)
    {
        if (!DoorRights.DeviceFor(who, fleet, id).TryGet(out var device, out var refusal))
        {
            return refusal.ToHttp();
        }

        var media = request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        var isBinary = media is not (StructuredMedia or BatchMedia) && request.Headers.ContainsKey(HeaderPrefix + "specversion");
        if (!isBinary && media is not (StructuredMedia or BatchMedia))
        {
            return new Refusal(
                "fabric.event.media_type", $"The body is no CloudEvent; send {StructuredMedia}, {BatchMedia}, or the data alone with the headers ce-specversion, ce-id, ce-source and ce-type.").ToHttp();
        }

        if (!limits.Enter(who).TryGet(out var place, out refusal))
        {
            request.HttpContext.Response.Headers.RetryAfter = $"{DoorLimits.RetrySeconds}";
            return refusal.ToHttp();
        }

        using (place)
        {
            if (room.State == RoomState.Out)
            {
                return new Refusal("server.storage_full", $"Nothing was recorded: {room.Words()}.").ToHttp();
            }

            var receivedNs = time.NowNs();
            var body = await DoorBody.ReadAsync(request, options, limits, cancellation);
            var read = body.Then(payload => Read(request, media, isBinary, payload, device, receivedNs)).Then(found => (Outcome<List<DomainEvent>>)Of(found, device, receivedNs));
            if (!read.TryGet(out var recorded, out refusal))
            {
                return (refusal.Code.StartsWith("fabric.event.", StringComparison.Ordinal) ? refusal with { Message = $"Nothing was recorded: {refusal.Message.TrimEnd('.')}." } : refusal).ToHttp();
            }

            var count = await events.RecordAsync(recorded);
            return TypedResults.Ok(new RecordedView(device.Id.Value, count, recorded.Count - count));
        }
    }

    private static Outcome<IReadOnlyList<CloudEventReader.CloudEvent>> Read(HttpRequest request, string? media, bool isBinary, ReadOnlyMemory<byte> payload, Device device, long receivedNs)
    {
        if (media == BatchMedia)
        {
            return CloudEventReader.ReadBatch(payload, device.Path, receivedNs, EventsMax);
        }

        var attributes = isBinary ? AttributesOf(request) : [];
        return CloudEventReader.Read(payload, attributes, device.Path, receivedNs, request.ContentType, isTyped: true).Then(one => (Outcome<IReadOnlyList<CloudEventReader.CloudEvent>>)(List<CloudEventReader.CloudEvent>)[one]);
    }

    /// <summary>Headers as attributes; what is not plain ASCII is percent-encoded there (section 3.1.3.2).</summary>
    private static List<(string Name, string Value)> AttributesOf(HttpRequest request) =>
    [
        .. request.Headers.Where(header => header.Key.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase))
            .Select(header => ("ce_" + header.Key[HeaderPrefix.Length..].ToLowerInvariant(), WebUtility.UrlDecode(header.Value.ToString().Replace("+", "%2B", StringComparison.Ordinal)))),
    ];

    private static List<DomainEvent> Of(IReadOnlyList<CloudEventReader.CloudEvent> read, Device device, long receivedNs) =>
        [.. read.Select(one => new DomainEvent(0, device.Tenant, device.Id, one.Source, one.Id, one.Type!, one.TimeNs, receivedNs, one.Data))];
}
