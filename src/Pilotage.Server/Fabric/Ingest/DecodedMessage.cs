using System.Text.Json;
using System.Text.Unicode;
using Pilotage.Core.Contracts;
using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>What a message turned out to be: rows for the store, an event, a last word, something not understood, or none of it.</summary>
internal sealed record DecodedMessage(Device Device, IngestMessage Message)
{
    public IReadOnlyList<TelemetryRow> Rows { get; private init; } = [];

    public DomainEvent? Event { get; private init; }

    public DomainEvent? Report { get; private init; }

    /// <summary>Subject of <see cref="Report"/>.</summary>
    public string Subject { get; private init; } = "";

    public string? Fault { get; private init; }

    /// <summary>Points to be kept apart.</summary>
    public IReadOnlyList<HeldPoint> Held { get; private init; } = [];

    /// <summary>Why the contract of the device lets nothing of it in, or null.</summary>
    public Refusal? Rejected { get; private init; }

    /// <summary>The value that it was rejected for; null where it was not, or for none of them.</summary>
    public RejectedValue? RejectedFor { get; private init; }

    /// <summary>Decides by the class of the topic.</summary>
    public static DecodedMessage Of(Device device, TopicPath path, IngestMessage message)
    {
        var decoded = new DecodedMessage(device, message);
        return path.Class switch
        {
            TopicClass.Telemetry => decoded.With(TelemetryForms.Read(message.ContentType, message.Payload, path.Name, message.EdgeNs)),
            TopicClass.Inference => decoded.With(InferenceReader.Read(message.Payload, path.Name, message.EdgeNs)),
            TopicClass.Event => decoded.WithEvent(path),
            TopicClass.Twin when path.Name.StartsWith("reported", StringComparison.Ordinal) => decoded.WithReport("twin." + path.Name),
            TopicClass.State => decoded.WithReport("state"),

            // Routed to subscribers, stored by nobody here.
            TopicClass.Command or TopicClass.Media or TopicClass.Twin or TopicClass.Forward => decoded,
            _ => decoded with
            {
                Fault = $"\"{path.Class}\" is no class of topic: values go to {TopicClass.Telemetry}, events to {TopicClass.Event}/<type>, states to {TopicClass.State}",
            },
        };
    }

    /// <summary>Rows that were read already.</summary>
    public static DecodedMessage OfRows(Device device, IngestMessage message, IReadOnlyList<TelemetryRow> rows, string? fault = null) => new(device, message) { Rows = rows, Fault = fault };

    /// <summary>The same without what was not understood of it.</summary>
    public DecodedMessage WithoutFault() => this with { Fault = null };

    /// <summary>A message nobody can place.</summary>
    public static DecodedMessage NotUnderstood(Device spokesman, IngestMessage message, string why) => new(spokesman, message) { Fault = why };

    /// <summary>Leaves out what does not fit the series that are there, with the reason as the fault, and what the contract keeps out.</summary>
    public DecodedMessage Fit(Admission admission)
    {
        if (Rows.Count == 0)
        {
            return this;
        }

        if (!Telemetry.IsMeasured(Rows[0].Properties[0]))
        {
            var (inferred, misfit) = admission.Fit(Device, Rows, Fault);
            return this with { Rows = inferred, Fault = misfit };
        }

        // Judged before it is fitted: what a contract keeps out must not decide what its series holds. Its bounds are in the unit of the series.
        var (own, misunit) = admission.InOwnUnits(Device, Rows, Fault);
        var judged = admission.Judge(Device, own, Message.ReceivedNs);
        if (judged.Rejected is { } rejected)
        {
            return this with { Rows = [], Rejected = rejected, RejectedFor = judged.RejectedFor, Fault = null };
        }

        var (rows, fault) = admission.Fit(Device, judged.Rows, misunit ?? judged.Misfit);
        return this with { Rows = rows, Held = judged.Held, Fault = fault };
    }

    /// <summary>Adds its rows to a batch.</summary>
    public void AddTo(PointBatch batch)
    {
        foreach (var row in Rows)
        {
            AddTo(batch, row);
        }
    }

    /// <summary>Adds one of its rows to a batch.</summary>
    public void AddTo(PointBatch batch, TelemetryRow row) =>
        batch.AddRow(Device.Tenant, Device.Id, row.TimeNs, Message.EdgeNs, row.Properties, row.Values, Quality.Good);

    public BadMessage ToBad() => new(
        Device.Tenant, Device.Id, Message.Topic, Message.ReceivedNs, Fault!, Message.Payload, Message.Origin);

    private DecodedMessage With(TelemetryReading reading) => this with { Rows = reading.Rows, Fault = reading.Fault };

    private DecodedMessage WithEvent(TopicPath path)
    {
        var read = CloudEventReader.Read(Message.Payload, Message.UserProperties, path.DevicePath, Message.EdgeNs, Message.ContentType);
        return read.TryGet(out var e, out var refusal)
            ? this with { Event = new DomainEvent(0, Device.Tenant, Device.Id, e.Source, e.Id, path.Name, e.TimeNs, Message.ReceivedNs, e.Data) }
            : this with { Fault = refusal.Message };
    }

    private DecodedMessage WithReport(string subject)
    {
        // An empty retained payload takes the last word back; there is nothing to keep of it.
        if (Message.Payload.IsEmpty)
        {
            return this;
        }

        // Checked before the text goes into the catalogue, where a whole commit would fail on it.
        if (!Utf8.IsValid(Message.Payload.Span))
        {
            return this with { Fault = "not UTF-8" };
        }

        try
        {
            using var document = JsonDocument.Parse(Message.Payload);
            var data = document.RootElement.Clone();
            return this with
            {
                Subject = subject,
                Report = new DomainEvent(0, Device.Tenant, Device.Id, "/" + Device.Path, "", subject, Message.EdgeNs, Message.ReceivedNs, data),
            };
        }
        catch (JsonException failure)
        {
            return this with { Fault = JsonFault.Of(failure) };
        }
    }
}
