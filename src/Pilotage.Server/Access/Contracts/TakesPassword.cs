namespace Pilotage.Server.Access.Contracts;

/// <summary>
/// The route takes the token as the password of basic authentication too (RFC 7617), whatever the name, for clients that know no other
/// way. It is asked for by none of our answers, so no browser offers it by itself.
/// </summary>
public sealed record TakesPassword;
