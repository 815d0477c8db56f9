using System.Net;
using System.Net.Sockets;

namespace Pilotage.Server.Hosting;

/// <summary>Tries every address before anything is opened, because the web server does not say which option was at fault.</summary>
internal static class ListenCheck
{
    /// <summary>Null when all addresses can be listened on.</summary>
    public static Refusal? WhyNot(ServerOptions options)
    {
        (string Option, IPEndPoint? Address)[] wanted =
            [("--http", options.Http), ("--https", options.Https), ("--mqtts", options.Mqtts), ("--mqtt", options.Mqtt),
                ("--wss", options.Wss), ("--ws", options.Ws)];
        var open = new List<Socket>();
        try
        {
            foreach (var (option, address) in wanted)
            {
                if (address is null)
                {
                    continue;
                }

                var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                open.Add(socket);
                if (WhyNot(socket, option, address) is { } refusal)
                {
                    return refusal;
                }
            }

            return null;
        }
        finally
        {
            open.ForEach(socket => socket.Dispose());
        }
    }

    private static Refusal? WhyNot(Socket socket, string option, IPEndPoint address)
    {
        try
        {
            socket.Bind(address);
            socket.Listen();
            return null;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => new Refusal(
                    "server.port_taken",
                    $"{option} {address} is taken: another program, or another option, listens there. Stop it, or give another port with {option}."),
                SocketError.AccessDenied => new Refusal(
                    "server.port_denied", $"{option} {address} may not be used by this user; give a port above 1023 with {option}."),
                SocketError.AddressNotAvailable => new Refusal(
                    "server.address_unknown", $"{option} {address}: this machine has no such address; give one that it has with {option}."),
                _ => new Refusal("server.address", $"{option} {address} cannot be listened on: {failure.Message}."),
            };
        }
    }
}
