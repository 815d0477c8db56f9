using System.Net;
using System.Net.Sockets;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Processes;

/// <summary>Ports on the loopback address that nobody listens on at the moment.</summary>
internal static class FreePorts
{
    /// <summary>The wanted port, or a refusal that says how to name another.</summary>
    public static int Demand(int port, string what, string option)
    {
        if (!IsFree(port))
        {
            throw new CliFailure(ExitCode.Conflict, $"port {port} on 127.0.0.1 is taken", $"the {what} wants to listen there", $"{option} with another port");
        }

        return port;
    }

    /// <summary>The preferred port if it is free, else any.</summary>
    public static int Prefer(int port) => IsFree(port) ? port : Any();

    public static int Any()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
