using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Pilotage.Broker;

/// <summary>Stops a broker that must not start, with the option's name and what is wrong with it.</summary>
internal static class BrokerOptionsCheck
{
    [UnconditionalSuppressMessage(
        "Trimming",
        "IL2026",
        Justification = "Reads [Range] on properties that the broker itself reads, so none is trimmed.")]
    public static void Validate(BrokerOptions options)
    {
        Validator.ValidateObject(options, new ValidationContext(options, nameof(BrokerOptions), null, null), true);
        Require(options.Listeners.Count > 0, nameof(options.Listeners), "is empty; there must be one at least");
        RequirePositive(options.ConnectTimeout, nameof(options.ConnectTimeout));
        RequirePositive(options.RestoredWillDelay, nameof(options.RestoredWillDelay));
        RequirePositive(options.HandshakeTimeout, nameof(options.HandshakeTimeout));
        RequirePositive(options.ConnectWaitMax, nameof(options.ConnectWaitMax));
        RequirePositive(options.KeepAliveMin, nameof(options.KeepAliveMin));
        RequirePositive(options.DrainTimeout, nameof(options.DrainTimeout));
        RequirePositive(options.LingerTimeout, nameof(options.LingerTimeout));
        Require(
            options.KeepAliveMax >= options.KeepAliveMin
                && options.KeepAliveMax <= TimeSpan.FromSeconds(ushort.MaxValue),
            nameof(options.KeepAliveMax),
            "must lie between KeepAliveMin and 65,535 s");
        Require(
            options.SessionExpiryMax >= TimeSpan.Zero && options.SessionExpiryMax.TotalSeconds <= uint.MaxValue,
            nameof(options.SessionExpiryMax),
            "must lie between 0 and 4,294,967,295 s");
        Require(
            options.StatusInterval >= TimeSpan.Zero && options.StatusInterval <= TimeSpan.FromDays(1),
            nameof(options.StatusInterval),
            "must lie between 0 and one day");
        Require(
            options.MemoryHardPercent >= options.MemorySoftPercent,
            nameof(options.MemoryHardPercent),
            "must not lie below MemorySoftPercent");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var listener in options.Listeners)
        {
            Require(
                names.Add(listener.Name), nameof(options.Listeners), $"has two listeners called \"{listener.Name}\"");
            Validate(listener);
        }
    }

    private static void Validate(ListenerOptions listener)
    {
        Require(
            listener.WebSocket is null or { Path: ['/', ..] },
            listener.Name,
            $"has the WebSocket path \"{listener.WebSocket?.Path}\"; it must begin with a slash");
        switch (listener.EndPoint)
        {
            case UnixDomainSocketEndPoint:
                Require(listener.Tls is null, listener.Name, "is a Unix socket and takes no TLS");
                break;
            case IPEndPoint ip when listener.Tls is null:
                Require(listener.Insecure, listener.Name, "has no TLS; set Insecure if that is really meant");
                Require(
                    IPAddress.IsLoopback(ip.Address),
                    listener.Name,
                    $"is insecure, so it must be on a loopback address, not {ip}");
                break;
            case IPEndPoint:
                Require(!listener.Insecure, listener.Name, "has TLS and is marked insecure; it cannot be both");
                break;
            default:
                Require(false, listener.Name, $"has an endpoint of a kind that is not supported: {listener.EndPoint}");
                break;
        }
    }

    private static void RequirePositive(TimeSpan value, string name) =>
        Require(
            value > TimeSpan.Zero && value < TimeSpan.FromDays(1),
            name,
            $"is {value}; it must lie between 0 and one day");

    private static void Require(bool holds, string name, string what)
    {
        if (!holds)
        {
            throw new ValidationException($"{name} {what}.");
        }
    }
}
