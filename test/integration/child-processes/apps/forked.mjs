process.send(process.argv.slice(2));
for (const [name, value] of Object.entries(process.env)) console.log(`${name}=${value}`);
process.disconnect();
