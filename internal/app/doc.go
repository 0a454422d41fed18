// Package app turns configuration into running servers. Each room of the house
// has one build function here; BuildAPI and BuildRegistry call them floor by
// floor and give a Generation: everything one configuration is served by. A
// reload builds the next generation beside the running one and swaps them.
//
// GlanceAPI and GlanceRegistry are the whole programs; a main only calls them.
//
// To wire a new room, write its build function in a file named after it and
// call it where its floor comes.
package app
