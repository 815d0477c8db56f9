using System.Text.Json;
using Pilotage.Core.Durability;

namespace Pilotage.Sdk.Outbound;

/// <summary>The folder of a queue: whose it is, in which format, and that one program at a time has it.</summary>
internal static class QueueFolder
{
    /// <summary>What this version writes, and the newest that it reads.</summary>
    public const int Format = 1;

    private const string LockFile = "lock";
    private const string MarkFile = "queue.json";

    /// <summary>Takes the folder for this program.</summary>
    /// <exception cref="MqttQueueException">Another one has it, or it cannot be used.</exception>
    public static (IDurableDirectory Directory, FolderLock Held) Take(string folder)
    {
        try
        {
            var directory = new PosixDirectory(folder);
            var held = FolderLock.TryTake(directory.FullPath, LockFile);
            return held is not null
                ? (directory, held)
                : throw new MqttQueueException(
                    MqttQueueFault.InUse,
                    $"Another program uses the queue in {directory.FullPath}: two would send its messages twice. Stop that one, or give this one a folder of its own.");
        }
        catch (Exception failure) when (failure is not MqttQueueException and (IOException or UnauthorizedAccessException))
        {
            throw new MqttQueueException(
                MqttQueueFault.Unusable,
                $"The folder {Path.GetFullPath(folder)} cannot hold the queue: {failure.Message}. Give one that this user may write to.",
                failure);
        }
    }

    /// <summary>Whose messages the folder holds; nothing when it is new, or when the mark cannot be read.</summary>
    /// <exception cref="MqttQueueException">A newer version has written it.</exception>
    public static QueueMark? Read(IDurableDirectory directory, out bool isDamaged)
    {
        isDamaged = false;
        if (AtomicFile.Read(directory, MarkFile) is not { } bytes)
        {
            return null;
        }

        try
        {
            using var mark = JsonDocument.Parse(bytes);
            if (mark.RootElement.GetProperty("format"u8).GetInt32() is > Format and var format)
            {
                throw Newer($"format {format}");
            }

            return new(mark.RootElement.GetProperty("clientId"u8).GetString() ?? "", mark.RootElement.GetProperty("session"u8).GetBoolean());
        }
        catch (Exception damage) when (damage is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            isDamaged = true;
            return null;
        }
    }

    /// <summary>Writes down whose the folder is.</summary>
    public static void Write(IDurableDirectory directory, QueueMark own)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("format"u8, Format);
            json.WriteString("clientId"u8, own.ClientId);
            json.WriteBoolean("session"u8, own.HasSession);
            json.WriteEndObject();
        }

        AtomicFile.Write(directory, MarkFile, bytes.ToArray());
    }

    public static MqttQueueException Newer(string what) => new(
        MqttQueueFault.NewerFormat,
        $"A newer version has written this queue ({what}; this one reads up to format {Format}). Use that version to send what waits, or another folder.");
}

/// <summary>Whose messages a folder holds.</summary>
/// <param name="ClientId">The client id that sends them.</param>
/// <param name="HasSession">
/// Whether the folder knows all that the broker's session may know of its messages. A new folder does not, nor a damaged one.
/// </param>
internal sealed record QueueMark(string ClientId, bool HasSession);
