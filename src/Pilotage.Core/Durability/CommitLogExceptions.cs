namespace Pilotage.Core.Durability;

/// <summary>The log met a failed write or sync: nothing more is acknowledged until it is opened anew.</summary>
public sealed class CommitLogFailedException(string message, Exception? cause) : IOException(message, cause);

/// <summary>No space is left: the record was refused and left no trace; appending works again when space returns.</summary>
public sealed class CommitLogFullException(string message, Exception? cause) : IOException(message, cause);
