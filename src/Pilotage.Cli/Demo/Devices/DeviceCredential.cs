using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Cli.Demo.Devices;

/// <summary>A device that has enrolled: its permanent id, its place, its certificate and whom it trusts.</summary>
internal sealed record DeviceCredential(string Id, string Path, X509Certificate2 Certificate, X509Certificate2 Authority);
