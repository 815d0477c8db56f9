namespace Pilotage.Server.Fleet.Contracts;

/// <summary>Turns one-time codes into certificates.</summary>
public interface IEnrolments
{
    /// <summary>Issues a certificate for the device the code was made for; the code is used up by it.</summary>
    Outcome<EnrolledDevice> Enrol(string code, string requestPem, IReadOnlyList<string> hosts, string? hardware);
}

/// <summary>A device and the certificate (PEM) it was given.</summary>
public sealed record EnrolledDevice(Device Device, string CertificatePem);
