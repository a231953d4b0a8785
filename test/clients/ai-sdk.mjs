// The AI SDK as it is installed. Its own types want the browser's, which this project does not load; what the tests
// use of them stands beside this file.
export { createOpenAI } from '@ai-sdk/openai';
export { createOpenAICompatible } from '@ai-sdk/openai-compatible';
export { generateImage } from 'ai';
