using System.Runtime.InteropServices;

namespace Pilotage.Broker.Loops;

/// <summary>The calls of OpenSSL 3 that TLS on an event loop rests on; constants are those of its headers.</summary>
internal static unsafe partial class TlsCalls
{
    public const int WantRead = 2;
    public const int WantWrite = 3;
    public const int ZeroReturn = 6;

    public const int VerifyNone = 0;
    public const int VerifyPeer = 1;
    public const int FailWithoutCertificate = 2;

    public const int CertificateNotYetValid = 9;
    public const int CertificateExpired = 10;
    public const int CertificateUntrusted = 27;

    private const string Ssl = "libssl.so.3";
    private const string Crypto = "libcrypto.so.3";

    private const int AddChainCertificate = 14;
    private const int SetMode = 33;
    private const int SetReadAhead = 41;
    private const int SetSessionCacheMode = 44;
    private const int SetCertificateListMax = 51;
    private const int SetMinVersion = 123;
    private const int Tls12 = 0x0303;

    // Partial writes, from a buffer that may move, and no buffers kept while nothing is under way.
    private const int Modes = 0x1 | 0x2 | 0x10;

    // A peer that closes without a word has closed; no tickets, no compression, no renegotiation.
    private const ulong NoFrills = (1UL << 7) | (1UL << 14) | (1UL << 17) | (1UL << 30);

    private static readonly Lazy<bool> Present =
        new(() => NativeLibrary.TryLoad(Ssl, out _) && NativeLibrary.TryLoad(Crypto, out _));

    /// <summary>Whether the library is there.</summary>
    public static bool IsPresent => Present.Value;

    /// <summary>What all our handshakes have in common: TLS 1.2 or 1.3, whole each time.</summary>
    /// <param name="verify">What is asked of the client.</param>
    /// <param name="judge">Called with the certificate that is shown; whatever it decides holds.</param>
    /// <param name="certificateBytesMax">Largest chain a client may show.</param>
    public static nint NewContext(int verify, delegate* unmanaged[Cdecl]<nint, nint, int> judge, int certificateBytesMax)
    {
        var context = CtxNew(ServerMethod());
        if (context == 0)
        {
            throw new IOException($"TLS cannot be set up: {TakeError()}");
        }

        _ = CtxControl(context, SetMinVersion, Tls12, 0);
        _ = CtxControl(context, SetMode, Modes, 0);
        _ = CtxControl(context, SetReadAhead, 1, 0);
        _ = CtxControl(context, SetSessionCacheMode, 0, 0);
        _ = CtxControl(context, SetCertificateListMax, certificateBytesMax, 0);
        _ = CtxSetOptions(context, NoFrills);
        _ = CtxSetTickets(context, 0);
        CtxSetVerify(context, verify, 0);
        CtxSetJudge(context, judge, 0);
        return context;
    }

    /// <summary>The server's certificate and key, both in DER, and what is sent along.</summary>
    /// <exception cref="IOException">The library does not take one of them.</exception>
    public static void UseCertificate(nint context, byte[] certificate, byte[] pkcs8, IEnumerable<byte[]> chain)
    {
        fixed (byte* bytes = pkcs8)
        {
            var at = bytes;
            var key = ParseKey(0, &at, pkcs8.Length);
            var taken = CtxUseCertificate(context, certificate.Length, certificate) == 1
                && key != 0 && CtxUseKey(context, key) == 1;
            KeyFree(key);
            if (!taken)
            {
                throw new IOException($"the server's certificate cannot be used for TLS: {TakeError()}");
            }
        }

        foreach (var intermediate in chain)
        {
            fixed (byte* bytes = intermediate)
            {
                var at = bytes;
                var parsed = ParseCertificate(0, &at, intermediate.Length);
                if (parsed == 0 || CtxControl(context, AddChainCertificate, 0, parsed) != 1)
                {
                    CertificateFree(parsed);
                    throw new IOException($"a certificate of the server's chain cannot be used for TLS: {TakeError()}");
                }
            }
        }
    }

    /// <summary>The certificate that is being judged, in DER.</summary>
    public static byte[] Judged(nint store)
    {
        var certificate = StoreCertificate(store);
        var bytes = new byte[Math.Max(0, WriteCertificate(certificate, null))];
        fixed (byte* into = bytes)
        {
            var at = into;
            _ = WriteCertificate(certificate, &at);
        }

        return bytes;
    }

    /// <summary>This thread's oldest error in words; it has none afterwards.</summary>
    public static string TakeError()
    {
        var code = GetError();
        ClearErrors();
        return code == 0 ? "" : Marshal.PtrToStringUTF8(ErrorReason(code)) ?? $"error {code:x}";
    }

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void CtxFree(nint context);

    [LibraryImport(Ssl, EntryPoint = "SSL_new")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint New(nint context);

    [LibraryImport(Ssl, EntryPoint = "SSL_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void Free(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_set_fd")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SetDescriptor(nint ssl, int descriptor);

    [LibraryImport(Ssl, EntryPoint = "SSL_accept")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Accept(nint ssl);

    [LibraryImport(Ssl, EntryPoint = "SSL_read")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Read(nint ssl, Span<byte> into, int count);

    [LibraryImport(Ssl, EntryPoint = "SSL_write")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Write(nint ssl, ReadOnlySpan<byte> bytes, int count);

    [LibraryImport(Ssl, EntryPoint = "SSL_get_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int ErrorOf(nint ssl, int answer);

    [LibraryImport(Ssl, EntryPoint = "SSL_shutdown")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int ShutDown(nint ssl);

    [LibraryImport(Crypto, EntryPoint = "X509_STORE_CTX_set_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void SetVerdict(nint store, int error);

    [LibraryImport(Crypto, EntryPoint = "ERR_clear_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void ClearErrors();

    [LibraryImport(Ssl, EntryPoint = "TLS_server_method")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ServerMethod();

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_new")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint CtxNew(nint method);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_ctrl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint CtxControl(nint context, int command, nint number, nint pointer);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_options")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial ulong CtxSetOptions(nint context, ulong options);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_num_tickets")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CtxSetTickets(nint context, nuint count);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_verify")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void CtxSetVerify(nint context, int mode, nint callback);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_set_cert_verify_callback")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void CtxSetJudge(nint context, delegate* unmanaged[Cdecl]<nint, nint, int> judge, nint argument);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_use_certificate_ASN1")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CtxUseCertificate(nint context, int length, byte[] certificate);

    [LibraryImport(Ssl, EntryPoint = "SSL_CTX_use_PrivateKey")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CtxUseKey(nint context, nint key);

    [LibraryImport(Crypto, EntryPoint = "d2i_AutoPrivateKey")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ParseKey(nint into, byte** bytes, nint length);

    [LibraryImport(Crypto, EntryPoint = "EVP_PKEY_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void KeyFree(nint key);

    [LibraryImport(Crypto, EntryPoint = "d2i_X509")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ParseCertificate(nint into, byte** bytes, nint length);

    [LibraryImport(Crypto, EntryPoint = "i2d_X509")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int WriteCertificate(nint certificate, byte** into);

    [LibraryImport(Crypto, EntryPoint = "X509_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void CertificateFree(nint certificate);

    [LibraryImport(Crypto, EntryPoint = "X509_STORE_CTX_get0_cert")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint StoreCertificate(nint store);

    [LibraryImport(Crypto, EntryPoint = "ERR_get_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nuint GetError();

    [LibraryImport(Crypto, EntryPoint = "ERR_reason_error_string")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ErrorReason(nuint code);
}
