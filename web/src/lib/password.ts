/** The least that a server can be set to ask for; what it does ask for, its answer says. */
export const shortestPassword = 8;
