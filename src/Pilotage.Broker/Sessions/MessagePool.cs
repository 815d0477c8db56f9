using System.Diagnostics;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>
/// Messages, deliveries and releases to be used again, so that a message that passes through costs no memory. Guarded by the
/// exchange's lock; what is never given back, such as the queue of a session that ends, is the collector's.
/// </summary>
internal sealed class MessagePool
{
    // Past these nothing is kept: a burst must not hold its memory for ever.
    private const int KeptMax = 4096;
    private const int KeptPayloadBytesMax = 4 * 1024;

    private readonly Stack<StoredMessage> _messages = new();
    private readonly Stack<Delivery> _deliveries = new();
    private readonly Stack<Release> _releases = new();

    /// <summary>A message that the caller holds until <see cref="LetGo(StoredMessage)"/>.</summary>
    public StoredMessage Take(ulong id, in MessageView message, long sinceNs)
    {
        var stored = _messages.TryPop(out var kept) ? kept : StoredMessage.OfPool();
        stored.Fill(id, message, sinceNs);
        stored.Holders = 1;
        return stored;
    }

    /// <summary>A delivery, which holds its message.</summary>
    public Delivery Take(StoredMessage stored, ulong id, in RouteTarget target)
    {
        stored.Holders++;
        var delivery = _deliveries.TryPop(out var kept) ? kept : new();
        delivery.Begin(stored, id, target);
        return delivery;
    }

    /// <summary>A release of that identifier.</summary>
    public Release Take(ushort packetId)
    {
        var release = _releases.TryPop(out var kept) ? kept : new();
        (release.PacketId, release.Ready, release.Recording, release.OnWire) = (packetId, false, false, false);
        return release;
    }

    public void LetGo(StoredMessage stored)
    {
        Debug.Assert(!stored.IsPooled || stored.Holders > 0, "Somebody has let go of it twice.");
        stored.Holders--;
        if (!stored.IsPooled || stored.Holders > 0)
        {
            return;
        }

        if (_messages.Count < KeptMax && stored.Buffer.Length <= KeptPayloadBytesMax)
        {
            stored.Empty();
            _messages.Push(stored);
        }
    }

    /// <summary>The delivery is over: acknowledged, dropped or moved.</summary>
    public void LetGo(Delivery delivery)
    {
        LetGo(delivery.Stored);

        // One whose record is on the way will still be told about it.
        if (!delivery.Recording && _deliveries.Count < KeptMax)
        {
            delivery.Empty();
            _deliveries.Push(delivery);
        }
    }

    public void LetGo(Release release)
    {
        if (!release.Recording && _releases.Count < KeptMax)
        {
            _releases.Push(release);
        }
    }
}
