using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Broker.Loops;

/// <summary>TLS over one socket, on its loop's thread alone: the library's words about an error are the thread's.</summary>
internal sealed class TlsSession
{
    [ThreadStatic]
    private static TlsSession? t_shaking;

    private readonly TlsSessions _listener;
    private nint _ssl;
    private bool _ended;
    private bool _broken;
    private ExceptionDispatchInfo? _fault;

    public TlsSession(nint ssl, int descriptor, TlsSessions listener)
    {
        _ssl = ssl;
        _listener = listener;
        if (ssl == 0 || TlsCalls.SetDescriptor(ssl, descriptor) != 1)
        {
            throw new IOException($"TLS cannot begin: {TlsCalls.TakeError()}");
        }
    }

    /// <summary>The client's certificate, once its handshake is done: trusted.</summary>
    public X509Certificate2? Certificate { get; private set; }

    /// <summary>Whether the handshake is done.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether bytes can be taken only after some have been sent.</summary>
    public bool ReadWaitsForRoom { get; private set; }

    /// <summary>Goes on with the handshake: <see cref="Flow.Drained"/> when it is done, else waits or is lost.</summary>
    public Carried Shake()
    {
        TlsCalls.ClearErrors();
        t_shaking = this;
        var answer = TlsCalls.Accept(_ssl);
        t_shaking = null;
        _fault?.Throw();
        if (answer == 1)
        {
            IsOpen = true;
            return new(0, Flow.Drained);
        }

        return TlsCalls.ErrorOf(_ssl, answer) is TlsCalls.WantRead or TlsCalls.WantWrite
            ? new(0, Flow.Waits)
            : Lost("the client broke off the handshake");
    }

    /// <summary>Takes what has come, as far as there is room.</summary>
    /// <remarks>
    /// The socket is empty when the library says that it wants more, and only then: how much it took the last time tells
    /// nothing, since for the rest of a record it asks for no more than that. Whoever stopped earlier would not be told of
    /// what is left: the loop hears of new bytes alone.
    /// </remarks>
    public Carried Receive(Span<byte> room)
    {
        var got = 0;
        while (got < room.Length && !_ended)
        {
            TlsCalls.ClearErrors();
            var answer = TlsCalls.Read(_ssl, room[got..], room.Length - got);
            if (answer <= 0)
            {
                var (_, flow, why) = Stopped(answer);
                if (got == 0)
                {
                    return new(0, flow, why);
                }

                _ended = flow == Flow.Ended;
                return new(got, flow == Flow.Waits ? Flow.Drained : Flow.More);
            }

            got += answer;
        }

        return new(got, _ended && got == 0 ? Flow.Ended : Flow.More);
    }

    /// <summary>Sends; what did not go is to be given again, and may have grown.</summary>
    public Carried Send(ReadOnlySpan<byte> bytes)
    {
        TlsCalls.ClearErrors();
        var answer = TlsCalls.Write(_ssl, bytes, bytes.Length);
        if (answer > 0)
        {
            return new(answer, Flow.More);
        }

        return TlsCalls.ErrorOf(_ssl, answer) is TlsCalls.WantRead or TlsCalls.WantWrite
            ? new(0, Flow.Waits)
            : Lost("the peer is gone");
    }

    /// <summary>Says goodbye and gives the memory back; the last call.</summary>
    public void Close()
    {
        if (_ssl == 0)
        {
            return;
        }

        if (IsOpen && !_broken)
        {
            // Said once; an answer is not waited for (RFC 8446, section 6.1).
            TlsCalls.ClearErrors();
            _ = TlsCalls.ShutDown(_ssl);
        }

        TlsCalls.Free(_ssl);
        TlsCalls.ClearErrors();
        _ssl = 0;

        // Native memory too, of which the collector knows nothing: left to its finalizers, that of many connections gathers.
        Certificate?.Dispose();
    }

    /// <summary>The library's question, in the middle of a handshake on this thread.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static int Judge(nint store, nint argument)
    {
        var session = t_shaking!;
        try
        {
            var verdict = session.Judge(TlsCalls.Judged(store));

            // Whatever the host did with its certificates must not look like the handshake's own error.
            TlsCalls.ClearErrors();
            TlsCalls.SetVerdict(store, verdict);
            return verdict == 0 ? 1 : 0;
        }
        catch (Exception fault)
        {
            // Nothing may be thrown through the library; the handshake fails, and its caller throws.
            session._fault = ExceptionDispatchInfo.Capture(fault);
            TlsCalls.SetVerdict(store, TlsCalls.CertificateUntrusted);
            return 0;
        }
    }

    private int Judge(byte[] shown)
    {
        try
        {
            Certificate = X509CertificateLoader.LoadCertificate(shown);
        }
        catch (CryptographicException)
        {
            return TlsCalls.CertificateUntrusted;
        }

        return _listener.Judge(Certificate);
    }

    private Carried Stopped(int answer)
    {
        var error = TlsCalls.ErrorOf(_ssl, answer);
        ReadWaitsForRoom = error == TlsCalls.WantWrite;
        return error switch
        {
            TlsCalls.WantRead or TlsCalls.WantWrite => new(0, Flow.Waits),
            TlsCalls.ZeroReturn => new(0, Flow.Ended),
            _ => Lost("the connection is lost"),
        };
    }

    private Carried Lost(string otherwise)
    {
        _broken = true;
        var words = TlsCalls.TakeError();
        return new(0, Flow.Lost, words.Length == 0 ? otherwise : words);
    }
}
