using System.Security.Cryptography;
using System.Text;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Access;

/// <summary>The token for the person who owns the machine: a file of mode 0600 in the data folder, made at the first start.</summary>
internal sealed class AdminToken
{
    private const int RandomBytes = 32;

    // What one could still try out: a token of one's own must not be shorter. Ours has 68 letters.
    private const int LettersMin = 32;
    private readonly byte[] _hash;

    public AdminToken(DataFolder folder)
    {
        var path = Path.Combine(folder.Root, DataFolder.TokenFile);
        if (PrivateFile.Read(folder.Files, DataFolder.TokenFile) is not { } token)
        {
            token = "pat_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes)) + "\n";
            PrivateFile.Write(folder.Files, DataFolder.TokenFile, token);
        }

        if (File.Exists(path) && PrivateFile.IsReadableByOthers(path))
        {
            throw new StartRefusedException(new Refusal(
                "server.token_exposed", $"{path} can be read by other users; run: chmod 600 {path}"));
        }

        if (token.Trim().Length < LettersMin)
        {
            throw new StartRefusedException(new Refusal(
                "server.token_weak", $"{path} holds fewer than {LettersMin} letters; delete it, and the next start makes a good one."));
        }

        _hash = Hash(token.Trim());
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string presented) => CryptographicOperations.FixedTimeEquals(_hash, Hash(presented));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
