namespace Pilotage.Server.Fleet.Contracts;

/// <summary>The way to devices: publishes through the broker below a device's path.</summary>
public interface IDeviceLink
{
    /// <summary>Publishes to <c>&lt;path&gt;/&lt;suffix&gt;</c> with QoS 1; completes when it is durable for the device's session.</summary>
    ValueTask PublishAsync(Device device, string suffix, ReadOnlyMemory<byte> payload, string contentType, bool retain, CancellationToken cancellation);

    /// <summary>Sets the retained desired twin of a device.</summary>
    ValueTask PublishDesiredAsync(Device device, ReadOnlyMemory<byte> desired, CancellationToken cancellation);
}
