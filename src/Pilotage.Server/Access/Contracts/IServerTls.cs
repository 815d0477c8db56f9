using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Server.Access.Contracts;

/// <summary>What every TLS listener of the server shows.</summary>
public interface IServerTls
{
    /// <summary>The server's certificate, with its key.</summary>
    X509Certificate2 Certificate { get; }

    /// <summary>Sent along with it.</summary>
    X509Certificate2Collection Chain { get; }
}
