using System.Net;
using System.Net.Sockets;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Processes;

/// <summary>Ports on the loopback address that nobody listens on at the moment.</summary>
internal static class FreePorts
{
    /// <summary>The wanted port, any for 0, or a refusal that says how to name another.</summary>
    public static int Demand(int port, string what, string option)
    {
        if (port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
        {
            throw new CliFailure(ExitCode.Usage, $"{option} {port} is not a port", $"expected {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}; 0 takes a free one", $"{option} 8080");
        }

        return port == 0 ? Any() : WhyNot(port) switch
        {
            null => port,
            SocketError.AddressAlreadyInUse => throw new CliFailure(
                ExitCode.Conflict, $"port {port} on 127.0.0.1 is taken", $"the {what} wants to listen there and another program does", $"{option} with another port, or {option} 0 for any free one"),
            var error => throw new CliFailure(
                ExitCode.Failed, $"port {port} on 127.0.0.1 cannot be used", $"the {what} wants to listen there; the system says {error}", $"{option} 0 for any free one"),
        };
    }

    /// <summary>The preferred port if it is free, else any.</summary>
    public static int Prefer(int port) => WhyNot(port) is null ? port : Any();

    public static int Any()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static SocketError? WhyNot(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return null;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode;
        }
    }
}
